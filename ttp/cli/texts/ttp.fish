# fish completion for ttp, printed by `ttp completion fish`.
# Names and options are listed here. Ids, accounts and tags come from ttp, as text that is never evaluated.
function __ttp_at --description 'Whether the command typed so far is one of these, with at most N words after it'
    set -l path
    set -l option ''
    set -l place 0
    for word in (commandline -opc)[2..]
        if test -n "$option"
            set option ''
            continue
        end
        switch $word
            case --
                return 1
            case @VALUED@
                set option $word
            case '-*'
            case '*'
                if contains -- "$path" '' @PARENTS@
                    set -a path $word
                else
                    set place (math $place + 1)
                end
        end
    end
    contains -- "$path" $argv[2..]
    and begin
        test "$argv[1]" = any
        or test $place -le $argv[1]
    end
end
function __ttp_typed --description 'The word at the cursor, without the name of its option and without quotes'
    string replace -r -- '^--[^=]*=' '' "$(commandline -ct)" | string unescape
end
function __ttp_ask --description 'What ttp knows of a kind'
    command -q ttp
    and command ttp __complete $argv[1] "$(__ttp_typed)" $argv[2..] 2>/dev/null
end
function __ttp_many --description 'Words, or what ttp knows of a kind, behind the last comma'
    set -l typed "$(__ttp_typed)"
    set -l before "$(string match -r -- '^.*,' "$typed")"
    set -l last (string replace -r -- '^.*,' '' "$typed")
    if test $argv[1] = ask
        command -q ttp
        and printf '%s\n' $before(command ttp __complete $argv[2] "$last" $argv[3..] 2>/dev/null)
    else
        printf '%s\t\n' $before$argv[2..]
    end
end
complete -c ttp -f
@LINES@
