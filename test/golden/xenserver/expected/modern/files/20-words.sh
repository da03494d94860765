# shellcheck shell=sh
# The command line: words key=value, the value is everything after the first `=`.

# Makes each word of $1 a variable word_<key>, and all of them the members of JSON_MEMBERS.
parse_words() {
    JSON_MEMBERS=
    set -f
    for word in $1; do
        key=${word%%=*}
        value=${word#*=}
        case $word in *=*) ;; *) key= ;; esac
        case $key in
        '' | *[!A-Za-z0-9_]*)
            # Not the word itself: it may be part of a secret.
            say "ignored a word that is not key=value"
            continue
            ;;
        esac
        eval "word_$key=\$value"
        JSON_MEMBERS="${JSON_MEMBERS:+$JSON_MEMBERS,
    }\"$key\": \"$(json_text "$value")\""
    done
    set +f
}

json_text() {
    case $1 in
    *[\\\"]*) printf %s "$1" | sed 's/[\\"]/\\&/g' ;;
    *) printf %s "$1" ;;
    esac
}

# Value of the word $1, empty when it was not given.
word() { eval "printf %s \"\${word_$1-}\""; }

# Both files hold secrets.
write_words() (
    umask 077
    printf '%s\n' "$1" >"$CACHE/cmdline.new"
    mv "$CACHE/cmdline.new" "$CACHE/cmdline"
    printf '{\n  "type": "cmdline",\n  "id": "cmdline",\n  "cmd_line": {\n    %s\n  }\n}\n' "$JSON_MEMBERS" \
        >"$CACHE/cmd_line.json.new"
    mv "$CACHE/cmd_line.json.new" "$CACHE/cmd_line.json"
)

# Whether $1 is an IPv4 address in dotted decimals.
is_address() {
    case $1 in
    *[!0-9.]* | .* | *. | *..* | *.*.*.*.*) return 1 ;;
    *.*.*.*) ;;
    *) return 1 ;;
    esac
    rest=$1.
    while [ -n "$rest" ]; do
        part=${rest%%.*}
        rest=${rest#*.}
        [ ${#part} -le 3 ] && [ "$part" -le 255 ] || return 1
    done
}

# Prints the address in the word $1; says so when it is none.
address_word() {
    text=$(word "$1")
    [ -n "$text" ] || return 1
    if is_address "$text"; then
        printf %s "$text"
    else
        say "ignored $1: not an address" >&2
        return 1
    fi
}
