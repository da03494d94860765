#!/bin/sh -e
env | sort
