import type { Command } from '../cli/commands.ts';
import type { Invocation } from '../cli/invocation.ts';
import type { Given } from '../cli/parse.ts';

type Start = (invocation: Invocation, given: Given) => Promise<number>;

/** What each command does with what was typed. Its code is loaded only now: most runs need one command. */
export const START: Readonly<Record<Command['name'], Start>> = {
  async sync(invocation, { flags, lists }) {
    const allowEmpty = flags['allow-empty'] ?? false;
    const otherDisk = flags['other-disk'] ?? false;
    if (lists.explain) {
      const { explainCommand } = await import('./explain.ts');
      return explainCommand(invocation, { paths: lists.explain, allowEmpty, otherDisk });
    }
    const { syncCommand } = await import('./sync.ts');
    return syncCommand(invocation, { dryRun: flags['dry-run'] ?? false, allowEmpty, otherDisk });
  },

  async init(invocation, { flags }) {
    if (flags.recover) {
      const { recoverCommand } = await import('./recover.ts');
      return recoverCommand(invocation);
    }
    const { initCommand } = await import('./init.ts');
    return initCommand(invocation);
  },

  async doctor(invocation) {
    const { doctorCommand } = await import('./doctor.ts');
    return doctorCommand(invocation);
  },

  async history(invocation, { action, arguments: [run], texts, flags }) {
    const { historyCommand } = await import('./history.ts');
    return historyCommand(invocation, {
      action,
      run,
      last: texts.last,
      html: texts.html,
      shard: texts.shard,
      allShards: flags['all-shards'] ?? false,
    });
  },

  async verify(invocation, { flags }) {
    const { verifyCommand } = await import('./verify.ts');
    const { repair = false, deep = false, attributes = false } = flags;
    return verifyCommand(invocation, { repair, deep, attributes });
  },

  async restore(invocation, { arguments: paths, flags, texts }) {
    const { restoreCommand } = await import('./restore/restore.ts');
    const { to, at, run, overwrite, thaw } = texts;
    const [dryRun, yes] = [flags['dry-run'] ?? false, flags.yes ?? false];
    return restoreCommand(invocation, { paths, to, at, run, overwrite, thaw, dryRun, yes });
  },

  async ledger(invocation, { action, arguments: [file], flags, texts, lists }) {
    const { ledgerCommand } = await import('./ledger/ledger.ts');
    const { format, output, table } = texts;
    const { abort, from } = lists;
    const yes = flags.yes ?? false;
    return ledgerCommand(invocation, { action, file, format, output, table, abort, from, yes });
  },

  async schedule(invocation, { action, texts, flags }) {
    const { scheduleCommand } = await import('./schedule.ts');
    const { kind, every, at, name, lang, shards } = texts;
    return scheduleCommand(invocation, {
      action,
      kind,
      every,
      at,
      name,
      lang,
      service: flags.service ?? false,
      shards,
    });
  },

  async status(invocation, { flags }) {
    const { statusCommand } = await import('./status.ts');
    return statusCommand(invocation, { follow: flags.follow ?? false });
  },

  async 'local-cos'(invocation, { texts: { port, dir, bucket, region } }) {
    const { localCosCommand } = await import('./local-cos.ts');
    return localCosCommand(invocation, { port, dir, bucket, region });
  },

  async demo(invocation, { texts: { dir }, flags }) {
    const { demoCommand } = await import('./demo.ts');
    return demoCommand(invocation, { dir, watch: flags.watch ?? false });
  },

  async completion({ terminal, words }, { arguments: [shell = ''] }) {
    const { completionScript } = await import('../cli/completion/completion.ts');
    terminal.out(completionScript(shell, words));
    return 0;
  },

  async help({ terminal, words }, { arguments: path }) {
    const { helpFor } = await import('../cli/help.ts');
    terminal.out(helpFor(path, words));
    return 0;
  },

  async version({ terminal }) {
    const { versionLine } = await import('../version.ts');
    terminal.out(versionLine());
    return 0;
  },
};
