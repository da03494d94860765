#!/bin/bash -eu
printf '%s\n' "$ACTION"
