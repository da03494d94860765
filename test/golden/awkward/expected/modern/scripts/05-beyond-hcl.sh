#!/bin/sh -e
# Values that Packer cannot carry unchanged.
export DECOMPOSED='é'
export JOINS_THE_EQUALS_SIGN='̸'

printf '%s' "$DECOMPOSED" | od -c
