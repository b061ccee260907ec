# fish completion for ccproxy. Either of:
#   ccproxy completion fish | source
#   ccproxy completion fish > ~/.config/fish/completions/ccproxy.fish

function __ccproxy_ask
    if command -q ccproxy
        command ccproxy __complete fish $argv 2>/dev/null
    else
        CCPROXY_EXECUTABLE __complete fish $argv 2>/dev/null
    end
end

function __ccproxy_complete
    set -l before (commandline -opc)
    set -e before[1]
    set -l current (commandline -ct)
    # fish wants the whole word back, so a path after "--flag=" keeps what stands before it.
    set -l prefix (string match -r '^--[^=]*=' -- $current)
    set -l value (string replace -r '^--[^=]*=' '' -- $current)
    for line in (__ccproxy_ask "=$current" $before)
        switch $line
            case ':files'
                for path in (__fish_complete_path $value)
                    echo "$prefix$path"
                end
            case ':directories'
                for path in (__fish_complete_directories $value '')
                    echo "$prefix$path"
                end
            case '*'
                echo $line
        end
    end
end

complete -c ccproxy -f -a '(__ccproxy_complete)'
