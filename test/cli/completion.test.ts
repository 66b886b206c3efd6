import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { COMMANDS, SHELLS } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completion/completion.ts';
import { placesOf } from '../../src/cli/completion/places.ts';
import { wordsFor } from '../../src/report/language.ts';
import { byName } from '../../src/report/words/call.ts';

const folder = mkdtempSync(join(tmpdir(), 'cos_sync-completion-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'a folder'));
writeFileSync(join(folder, 'a file.json'), '');
const scripts = Object.fromEntries(
  SHELLS.map(shell => {
    const file = join(folder, `completion.${shell}`);
    writeFileSync(file, completionScript(shell, wordsFor(byName, 'en')));
    return [shell, file];
  }),
);

function run(program: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 100_000,
    env: { ...process.env, HOME: folder },
  });
}

function has(shell: string): boolean {
  return run(shell, ['-c', 'true']).status === 0;
}

/** What is typed, and what a shell must offer and must not. The last word is the one that is completed. */
const TYPED: [typed: string[], offered: string[], not: string[]][] = [
  [['hi'], ['history'], ['verify', '--json']],
  [['--dry'], ['--dry-run'], ['--deep']],
  [['ledger', 'ex'], ['export'], ['import']],
  [['ledger', 'export', '--fo'], ['--format'], ['--table']],
  [['--json', 'ledger', 'uploads', '--a'], ['--abort'], ['--at']],
  [['ledger', 'export', '--format', 'c'], ['csv'], ['jsonl']],
  [['verify', '--re'], ['--repair', '--retry-num', '--region'], ['--recover']],
  [['schedule', 'print', '--kind', 'sys'], ['systemd', 'systemd-user'], ['cron']],
  [['completion', 'z'], ['zsh'], ['bash']],
  [['help', 'le'], ['ledger'], ['--lang']],
  [['doctor', '--config', 'a'], ['a file.json'], ['--acl']],
  [['doctor', '--home', 'a'], ['a folder'], ['a file.json']],
];

function check(
  t: { deepEqual(a: unknown, b: unknown, message?: string): void },
  offeredFor: (typed: string[]) => string[],
): void {
  for (const [typed, offered, not] of TYPED) {
    const found = offeredFor(typed).map(name => name.replace(/\/$/, '').replaceAll('\\ ', ' '));
    const line = `${typed.join(' ')}: ${found.join(' ')}`;
    t.deepEqual(
      offered.filter(name => !found.includes(name)),
      [],
      line,
    );
    t.deepEqual(
      not.filter(name => found.includes(name)),
      [],
      line,
    );
  }
}

(has('bash') ? test : test.skip)('bash completes commands, actions, options, values and files', t => {
  const lines = TYPED.map(
    ([typed]) =>
      `COMP_WORDS=(cos_sync ${typed.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length}; _cos_sync; printf '%s|' "\${COMPREPLY[@]}"; echo`,
  );
  const { stdout, status } = run('bash', [
    '--norc',
    '-c',
    // compopt works in a completion only.
    `compopt() { :; }; source '${scripts.bash}'; complete -p cos_sync >/dev/null || exit 9; ${lines.join('\n')}`,
  ]);
  t.is(status, 0);
  const answers = stdout.split('\n');
  check(t, typed =>
    (answers[TYPED.findIndex(([one]) => one === typed)] ?? '').split('|').filter(name => name !== ''),
  );
});

(has('fish') ? test : test.skip)('fish completes commands, actions, options, values and files', t => {
  const lines = TYPED.map(([typed]) => `complete -C 'cos_sync ${typed.join(' ')}'; echo ---`);
  const { stdout, stderr, status } = run('fish', [
    '--no-config',
    '-c',
    `source '${scripts.fish}'\n${lines.join('\n')}`,
  ]);
  t.is(status, 0, stderr);
  const answers = stdout.split('---\n');
  check(t, typed =>
    (answers[TYPED.findIndex(([one]) => one === typed)] ?? '')
      .split('\n')
      .map(line => line.split('\t')[0] ?? ''),
  );
});

(has('zsh') ? test : test.skip)('zsh completes commands, actions, options, values and files', t => {
  // A terminal of its own, in which each line is typed and a Tab after it; the list that zsh makes is caught.
  const driver = join(folder, 'driver.zsh');
  writeFileSync(
    driver,
    `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "autoload -Uz compinit; compinit -u -D; source '${scripts.zsh}'; PROMPT=; unsetopt zle_bracketed_paste 2>/dev/null"
zpty -w z 'zmodload zsh/complist; zstyle ":completion:*" list-prompt ""; LISTMAX=9999; bindkey "^I" complete-word
compadd() { if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  typeset -a caught; builtin compadd -A caught "$@"; print -rl -- $caught >> ${folder}/caught; builtin compadd "$@"; }
show() { : > ${folder}/caught; comppostfuncs=(); _main_complete; print -r -- --- >> ${folder}/caught; cat ${folder}/caught >> ${folder}/answers; compstate[insert]=; compstate[list]=; }
zle -C show complete-word show; bindkey "^T" show; PROMPT="at re""st>"'
# What is typed before the prompt goes to the terminal's own line editing.
zpty -r z line '*at rest>*'
while IFS= read -r typed; do
  zpty -n -w z "$typed"$'\\x14'$'\\x15'
done < ${folder}/typed
zpty -w z 'print "DO""NE"'
while zpty -r z line; do [[ $line == *DONE* ]] && break; done
zpty -d z
`,
  );
  writeFileSync(join(folder, 'typed'), TYPED.map(([typed]) => `cos_sync ${typed.join(' ')}\n`).join(''));
  const { status, stderr } = run('zsh', ['-f', driver]);
  t.is(status, 0, stderr);
  const answers = run('cat', ['answers']).stdout.split('---\n');
  check(t, typed => (answers[TYPED.findIndex(([one]) => one === typed)] ?? '').split('\n'));
});

test('the PowerShell script has every command and option, and closes what it opens', t => {
  for (const language of ['en', 'zh']) {
    const script = completionScript('powershell', wordsFor(byName, language));
    const bare = script.replace(/'(?:[^']|'')*'/g, '');
    for (const [open, close] of ['()', '{}', '[]']) {
      t.is(bare.split(open!).length, bare.split(close!).length, `${open}${close}`);
    }
    t.notRegex(bare, /'/);
    t.notRegex(script, /[^\n\x20-\x7e]/, 'no code page can change it');
    for (const { command, action, options } of placesOf(wordsFor(byName, language))) {
      const row =
        script.split('\n').find(line => line.startsWith(`    '${`${command} ${action}`.trim()}' = @(`)) ?? '';
      for (const { name } of options) t.true(row.includes(`@('${name}', `), `${command} ${action} ${name}`);
    }
  }
  t.is(placesOf(wordsFor(byName, 'en')).filter(({ action }) => action === '').length, COMMANDS.length + 1);
});
