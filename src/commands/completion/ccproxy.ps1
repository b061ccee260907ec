# PowerShell completion for ccproxy. In your profile:
#   ccproxy completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName ccproxy -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $program = if (Get-Command ccproxy -ErrorAction SilentlyContinue) { 'ccproxy' } else { CCPROXY_EXECUTABLE }
    $before = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        Select-Object -Skip 1 |
        ForEach-Object { $_.ToString() })
    # PowerShell before 7.3 drops an empty argument, so the word is never empty.
    & $program __complete powershell "=$wordToComplete" @before 2>$null | ForEach-Object {
        $word, $description = $_ -split "`t", 2
        if ($word -eq ':files' -or $word -eq ':directories') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
        }
        elseif ($word) {
            if (-not $description) { $description = $word }
            [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $description)
        }
    }
}
