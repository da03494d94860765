# shellcheck shell=sh disable=SC2094 # the loop only looks whether its file is still there
# What the fake tools written in sh have in common; each sources this file.
#
# $LAB is the laboratory's directory, $TOOL the name that the fake was called by. The test steers a fake by
# $LAB/control/TOOL, one rule per line: POINT ACTION [VALUE]. Actions: fail CODE, pause.
# Every point that is passed leaves the file $LAB/points/TOOL.POINT.
TOOL=$(basename "$0")
LAB=${HOME%/home}

# at POINT: does what the test wants here. A pause lasts until the rules are removed.
at() {
    : >"$LAB/points/$TOOL.$1"
    [ -e "$LAB/control/$TOOL" ] || return 0
    while read -r point action value; do
        [ "$point" = "$1" ] || continue
        case $action in
        fail)
            echo "$TOOL: told to fail at $point" >&2
            exit "$value"
            ;;
        pause)
            : >"$LAB/points/$TOOL.$1.paused"
            while [ -e "$LAB/control/$TOOL" ]; do sleep 0.05; done
            return 0
            ;;
        esac
    done <"$LAB/control/$TOOL"
}

# The same program, from the real system.
real() {
    name=$1
    shift
    PATH=${PATH#"$LAB/bin:"} exec "$name" "$@"
}
