import { type Entry, type Place, valueOptions } from './places.ts';

/** For PowerShell 5 and later; files and folders it completes by itself where nothing is offered. */
export function powershellScript(places: readonly Place[]): string {
  const rows = places.map(
    ({ command, action, words, options }) =>
      `    ${quoted(`${command} ${action}`.trim())} = @(${[...words, ...options].map(pair).join(', ')})`,
  );
  const values = [...valueOptions(places)].map(([name, value]) => {
    const choices = typeof value === 'string' ? [] : value;
    return `    ${quoted(name)} = @(${choices.map(quoted).join(', ')})`;
  });
  return `# Completion for PowerShell. In $PROFILE: cos_sync.exe completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'cos_sync', 'cos_sync.exe' -ScriptBlock {
  param($word, $ast, $cursor)
  $places = @{
${rows.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $typed = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($word -ne '' -and $typed.Count -gt 0) { $typed = @($typed | Select-Object -SkipLast 1) }
  $before = if ($typed.Count -gt 0) { $typed[-1] } else { '' }
  $place = ''
  foreach ($one in $typed) {
    if ($places.ContainsKey("$place $one".Trim())) { $place = "$place $one".Trim() }
  }
  if ($values.ContainsKey($before)) {
    $found = @($values[$before] | ForEach-Object { , @($_, '') })
  } else {
    $found = @($places[$place])
  }
  $found | Where-Object { $_[0] -like "$word*" } | ForEach-Object {
    $tip = if ($_[1]) { [regex]::Unescape($_[1]) } else { $_[0] }
    [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $tip)
  }
}
`;
}

function pair({ name, meaning }: Entry): string {
  return `@(${quoted(name)}, ${quoted(inAscii(meaning))})`;
}

/**
 * As .NET's Regex.Unescape takes it. Windows PowerShell reads a program's output in the console's code page, in
 * which parts of a Chinese character are quotation marks.
 */
function inAscii(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replace(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
