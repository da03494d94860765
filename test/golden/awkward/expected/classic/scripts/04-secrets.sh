#!/bin/sh -e
printf '%s\n' "${#TOKEN}"
