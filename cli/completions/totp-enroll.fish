# SPDX-License-Identifier: LGPL-2.1-or-later
# What fish offers behind totp-enroll: the program itself says what may come.

function __totp_enroll_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l prefix (string match -r -- '^--[^=]*=' $current)
    set -l value (string replace -r -- '^--[^=]*=' '' $current)
    set -l answer ($program complete $words "$current" 2>/dev/null)
    switch "$answer[1]"
        case :files
            set answer (__fish_complete_path $value)
        case :folders
            set answer (__fish_complete_directories $value '')
        case :users
            set answer (__fish_complete_users)
        case :groups
            set answer (__fish_complete_groups)
    end
    for line in $answer
        printf '%s%s\n' $prefix $line
    end
end
complete -c totp-enroll -f -a '(__totp_enroll_complete)'
