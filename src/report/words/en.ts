import type { Call } from './call.ts';
import { counted } from './counted.ts';
import { doctorEn } from './doctor.ts';
import { explainEn } from './explain.ts';
import { failuresEn } from './failures.ts';
import { helpEn } from './help.ts';
import { historyEn } from './history.ts';
import { initEn } from './init.ts';
import { keysEn } from './keys.ts';
import { ledgerEn } from './ledger.ts';
import { progressEn } from './progress.ts';
import { restoreEn } from './restore.ts';
import { scheduleEn } from './schedule.ts';
import { shardEn } from './shard.ts';
import { statusEn } from './status.ts';
import { verifyEn } from './verify.ts';
import { watchEn } from './watch.ts';
import type { Words } from './words.ts';

const CONSOLE = 'https://console.tencentcloud.com/cos';

export const en = (call: Call): Words => ({
  language: 'en',
  problems: {
    missing: () => 'is missing: write its value',
    placeholder: ({ value }) => `is still the template's "${value}": write your own value`,
    notText: ({ value }) => `must be text in double quotes, not ${value}`,
    notNumber: ({ value, min, max }) => `must be a number from ${min} to ${max}, not "${value}"`,
    outOfRange: ({ value, min, max }) => `must be from ${min} to ${max}, not ${value}`,
    notSwitch: ({ value }) => `must be "1" (on) or "0" (off), not "${value}"`,
    notChoice: ({ value, choices }) => `must be one of ${choices}, not "${value}"`,
    notList: ({ value }) => `must be a list of patterns like ["*.tmp", "cache/**"], not ${value}`,
    notMap: ({ value }) => `must be names and values like {"name": "value"}, not ${value}`,
    notDeleteLimit: ({ value }) => `must be a number like "1000" or a share like "50%", not "${value}"`,
    notProgram: ({ value }) =>
      `must be a program's path, or a list like ["/usr/bin/mail", "-s", "backup", "me"], not ${value}`,
    negatedPattern: ({ value }) =>
      `has ${value}: a pattern cannot begin with "!". What is to take part goes into include, what is not into exclude`,
    untouched: () => `is still the template: write your own values into it, or run ${call('init')}`,
    notAbsolute: ({ value }) =>
      `must be an absolute path, like "/home/user/data" or "C:\\\\data", not "${value}"`,
    isFile: ({ value }) => `must be a folder, but ${value} is a file: write the folder that holds it`,
    escapedPath: ({ value }) =>
      `holds a control character (${value}): in JSON each \\ of a Windows path is written twice, like "C:\\\\data\\\\new"`,
    bucketWithoutAppid: ({ value }) =>
      `"${value}" has no APPID: write "${value}-1250000000" with your number, or set appid`,
    badBucket: ({ value }) => `must have only a-z, 0-9 and -, not "${value}": copy the name from ${CONSOLE}`,
    badAppid: ({ value }) => `must be your account's number, like "1250000000", not "${value}"`,
    badRegion: ({ value }) => `must be a region like "ap-guangzhou", not "${value}"`,
    onlyWithRepair: () => 'goes with --repair: it changes objects in COS',
    badHost: ({ value }) =>
      `must be a host name like "backup-1250000000.cos.ap-guangzhou.myqcloud.com", not "${value}"`,
    badShard: ({ value, max }) =>
      `must be like "0/4": the part from 0 on, a slash, and how many there are (at most ${max}), not "${value}"`,
    shardNotInDaemon: () =>
      'cannot be used with daemon_mode or watch: let cron, systemd or a cluster start the runs',
    shardOnlyInSync: () =>
      'does not work with this command (nor with --explain): run it without a shard, on a folder that is not divided',
    bareIpv6: ({ value, right }) =>
      `is an IPv6 address without brackets: write "${right}" or "${right}:9000", not "${value}"`,
    bucketIsHost: ({ bucket, region }) =>
      `is a complete host name: write "bucket": "${bucket}"${region === 'accelerate' ? ', "endpoint": "cos.accelerate.myqcloud.com" and the region' : `, "region": "${region}"`}`,
    regionForAccelerate: () =>
      'is missing: the accelerate domain takes uploads only, lists, copies and deletions go to the region of the bucket',
    badMetaName: ({ value }) => `has the name "${value}": COS takes only letters, digits and "-" there`,
    metaTooLong: ({ value, max }) =>
      `has ${value} bytes of names and values: COS takes ${max} besides the mtime`,
    badEndpoint: ({ value }) => `must be like "https://cos.example.com" or "host:port", not "${value}"`,
    badProxy: () => 'must be like "http://proxy.example.com:3128"',
    needsCommandSource: () => 'has no effect without "credentials": "command"',
    badCredential: () => 'has characters that no credential has: copy it again, without spaces or line ends',
    badPattern: ({ value }) => `has a pattern that cannot be read: ${value}`,
    badHeader: ({ value }) => `has a name or value that no HTTP header can have: ${value}`,
    ownHeader: ({ value }) => `names a header that the program sets itself: ${value}`,
    fileMissing: () => `there is no such file. To make it: ${call('init')}`,
    fileGone: ({ since }) =>
      `there is no such file. To put back the last good one (of ${since}): ${call('init --recover')}; to make a new one: ${call('init')}`,
    templateAgain: ({ since }) =>
      `is the template, which a newer version's zip put in the place of your configuration. To put back the last good one (of ${since}): ${call('init --recover')}`,
    noKeptCopy: ({ value }) => `there is nothing to put back: ${value} is missing`,
    isFolder: () => 'is a folder: name the configuration file in it',
    noPlainFile: () => 'is a pipe or a device: name a plain file',
    dotsInPath: ({ value }) => `has a "." or ".." between slashes (${value}): write the path without`,
    fileUnreadable: ({ code }) => `cannot be read (${code}): check its permissions`,
    notUtf8: ({ line }) => `is not UTF-8 (line ${line}): save it as UTF-8 in your editor`,
    utf16: () => 'is UTF-16: save it as UTF-8 in your editor',
    notJson: ({ line }) =>
      `is not valid JSON (near line ${line}): look there for a missing quote, comma or brace`,
    jsonComment: ({ line }) => `is not valid JSON (line ${line}): JSON has no comments, remove this one`,
    jsonTrailingComma: ({ line }) =>
      `is not valid JSON (line ${line}): remove the comma after the last value`,
    jsonMissingComma: ({ line }) => `is not valid JSON (line ${line}): a comma is missing at its end`,
    jsonQuotes: ({ line }) =>
      `is not valid JSON (line ${line}): quotes must be straight double quotes, like "this"`,
    jsonWideMark: ({ line }) =>
      `is not valid JSON (line ${line}): it has a full-width mark; write , : { } [ ] as on an English keyboard`,
    singleBackslash: ({ line }) =>
      `is not valid JSON (line ${line}): each \\ of a Windows path is written twice, like "C:\\\\data"`,
    notObject: () => 'must be one JSON object: { "key": "value", … }',
    unknownOption: ({ value }) =>
      value ? `unknown option; did you mean ${value}?` : 'unknown option: see --help',
    optionWithoutValue: () => 'needs a value',
    secretOption: () =>
      'is not an option, because others can see a command line: put it in the config file or in COS_SECRET_ID, COS_SECRET_KEY, COS_TOKEN',
    noAnswer: () => 'has no usable answer: nothing was written',
    outsideLocalPath: ({ value, folder }) => `${value} is not in local_path (${folder})`,
    unknownRun: ({ value, first, last }) =>
      Number(last) === 0
        ? 'there are no runs yet'
        : `there is no run ${value}; there are ${first} to ${last}`,
    unwritable: ({ value, code }) =>
      code === 'EISDIR'
        ? `${value} is a folder: name a file in it`
        : `${value} cannot be written (${code}): check its folder and permissions`,
    noHistory: () => 'is damaged, no past run can be read from it: move it away, the next run begins another',
    ownFolder: ({ value, folder }) => `${value} is in the program's own folder ${folder}: restore to another`,
    ownFile: ({ value }) => `${value} is a file that the program itself needs: name another`,
    sameFile: ({ value }) => `is the file of ${value} too: name another`,
    unknownCommand: ({ value }) =>
      value ? `unknown command; did you mean ${value}?` : 'unknown command: see --help',
    optionOfOther: ({ value }) => `has no effect in "${value}": see ${call(`help ${value}`)}`,
    optionNeedsOther: ({ value }) => `has no effect without ${value}`,
    notFlagValue: ({ value }) =>
      `must be on (=1, =true, =yes, =on) or off (=0, =false, =no, =off), not "${value}"`,
    manyValues: ({ value }) =>
      `takes one value, and "${value}" follows it: put a pattern in quotes, or the shell replaces it by file names; give the option once for each value`,
    contradiction: () => 'is given twice with different values: give it once',
    actionMissing: ({ choices }) => `needs one of ${choices}`,
    argumentMissing: ({ value }) => `needs ${value}`,
    extraArgument: ({ command, value }) =>
      value
        ? `unexpected argument of ${command}; did you mean ${value}?`
        : `unexpected argument of ${command}: see ${call(`help ${command}`)}`,
    afterDashes: ({ value }) =>
      `comes after "--", where nothing is read as an option, and ${value} takes no such argument: put it before the "--"`,
    badInterval: ({ value }) =>
      `must be minutes that divide an hour (5m, 15m, 30m, …), hours that divide a day (1h, 2h, 6h, …) or daily, not "${value}"`,
    badTime: ({ value }) => `must be a time of day from 00:00 to 23:59, not "${value}"`,
    serviceShards: () => 'cannot be used with --shards: a daemon watches a folder as a whole',
    serviceKind: ({ value }) => `goes with --kind systemd, systemd-user or task, not with "${value}"`,
    shardsKind: ({ value }) =>
      `goes with --kind systemd, systemd-user, slurm or kubernetes, not with "${value}"`,
    serviceTimes: () => 'goes without --every and --at: the daemon runs all the time',
    atWithoutDaily: ({ value }) => `goes with --every daily only, not with "${value}"`,
    badName: ({ value }) => `must be letters, digits, "_", "." and "-", at most 100, not "${value}"`,
    unschedulablePath: ({ value }) => `no scheduler takes the characters in this path: ${value}`,
    variableInPath: ({ value }) =>
      `Windows' Task Scheduler takes %NAME% in this path for a variable: ${value}. Move the program or rename the folder`,
    noLedgerOfTarget: ({ value, target }) => `${value} is not a ledger of ${target}`,
    noSuchFolder: ({ value }) => `there is no folder ${value}`,
    folderInUse: ({ value }) => `another local-cos uses ${value}: give another folder`,
    badMoment: ({ value }) =>
      `must be a time like "2026-11-20T18:00" or how long ago, like "2h" or "3d", not "${value}"`,
    atAndRun: () => 'cannot be combined with --at: give one of them',
    notTogether: ({ value }) => `cannot be combined with ${value}: give one of them`,
    runOfOther: ({ value, target }) =>
      `run ${value} was a sync to ${target}: give a run of this configuration`,
    noVersions: ({ bucket }) =>
      `the bucket ${bucket} keeps no versions: what was overwritten or deleted there is gone. Turn on versioning for the time to come`,
    ontoSynced: ({ value, folder }) =>
      `${value} is in local_path (${folder}) or holds it, and delete_sync is on: a sync would bring what is restored to COS, and its deletions. Restore to another folder, or add --yes`,
    ontoRunning: ({ value, folder }) =>
      `${value} is in local_path (${folder}) or holds it, and a run is under way there: wait for its end, or add --yes`,
  },
  kinds: {
    transient: 'COS or the network failed for a moment; the next run tries again',
    unreachable: 'check the network, DNS, firewall and proxy',
    throttled: 'too many requests: lower thread_num',
    skew: "this machine's clock is wrong: set it",
    refused: 'COS refuses every request, its code says why; check bucket, region, endpoint and the key pair',
    unsupported: 'this endpoint does not know this kind of request: check endpoint',
    denied: 'no permission: check the policy of this key pair and of the bucket',
    lost: 'the unfinished upload is gone in COS; the next run starts it again',
    stale: 'the object in COS is not what was recorded',
    thisFile: 'COS refuses this request, its code says why (see "Error codes" in the manual of COS)',
    changed: 'the file kept changing while it was read; the next run tries again',
    local: 'the file cannot be read',
    defect: 'a defect of cos_sync, the log has the details: please report it',
    stopped: 'the run was stopped before this began',
  },
  needs: action => `needs ${action}`,
  failures: failuresEn,
  held: {
    emptied: count =>
      `${counted(count, 'deletion')} held back: the scan found no file at all. If local_path really was emptied, run once with --allow-empty`,
    maxDelete: (count, limit) =>
      `${counted(count, 'deletion')} held back: more than max_delete allows (${limit}). If they are right, run once with --max-delete 100%`,
    otherDisk: (count, _, place) =>
      `${counted(count, 'deletion')} held back: ${place} is on another file system than in the last run. Is its disk mounted? If this is right, run once with --other-disk`,
    unreadable: (count, _, place) =>
      `${counted(count, 'deletion')} held back: ${place}, where they belong, could not be read. Make it readable, or leave it out with exclude`,
    notAFile: (count, _, place) =>
      `${counted(count, 'deletion')} held back: ${place} is there, but is neither a file nor a folder. Remove it and the next run deletes them, or leave it out with exclude`,
    unknownPlace: (count, _, place) =>
      `${counted(count, 'deletion')} held back: ${place} is new and could not be read, and these may have moved there. The next run deletes them; make it readable, or leave it out with exclude`,
    movedDuringScan: (count, _, place) =>
      `${counted(count, 'deletion')} held back: their folders changed during the scan (${place}); the next run deletes them`,
    otherShard: (count, _, place) =>
      `${counted(count, 'deletion')} held back: what is gone may have moved to another shard (${place}); the next run deletes it`,
    uploadFailed: (count, _, place) =>
      `${counted(count, 'deletion')} held back: new files of the same size did not get to COS, and may be these, moved: ${place}. See why it failed`,
    stopped: count => `${counted(count, 'deletion')} held back: the run was stopped`,
  },
  stops: {
    localPathMissing: path =>
      `local_path ${path} is missing: nothing was changed in COS. Is the disk mounted? Check local_path`,
    localPathUnreadable: (path, code) =>
      `local_path ${path} cannot be read (${code}): nothing was changed in COS. Check its permissions and the disk`,
    ledgerDamaged: file =>
      `the ledger ${file} is damaged: nothing was changed. To make a new one: ${call('ledger rebuild')}`,
    ledgerPutAside: file =>
      `the ledger is damaged and was put aside as ${file}: nothing was changed in COS. To make a new one: ${call('ledger rebuild')}`,
    ledgerNewer: file =>
      `the ledger ${file} was made by a newer version of cos_sync: it was left as it is. Run that version`,
    ledgerOfOther: (file, about) =>
      `the ledger ${file} is about ${about}: nothing was changed. Move it away, and put the right one in its place or make a new one: ${call('ledger rebuild')}`,
    ledgerUnusable: (file, reason) =>
      `the ledger ${file} cannot be used (${reason}): check free space and permissions of db/`,
    daemonRunning: pid =>
      `a daemon of this configuration is running already${pid === undefined ? '' : ` (process ${pid})`}: end it first; for a single run beside it: ${call('sync --daemon-mode 0')}`,
    locked: (pid, host) =>
      `another run is under way${pid === undefined ? '' : ` (process ${pid} on ${host})`}: wait for its end`,
    cosRefused: (code, message) => `COS refuses: ${code}: ${message}`,
    listingCut: (code, message) =>
      `COS did not list all of it: code: ${code}, ${message}. What was listed is worked through; restore again for the rest`,
    connectionLost: (code, message) => `no connection to COS: code: ${code}, ${message}`,
    interrupted: signal => `interrupted by ${signal}: what was done is recorded, the next run goes on`,
    diskTooSmall: (folder, { needed, free, isBegun }) =>
      isBegun
        ? `${folder} had ${free} free at the start, and at least ${needed} are needed: make room and restore again; it continues where it stopped`
        : `${folder} has ${free} free, and ${needed} are needed: nothing was written. Make room, or restore to another disk`,
    diskFull: (folder, code) =>
      `${folder} cannot be written any more (${code}): make room and restore again; it continues where it stopped`,
    portInUse: port => `port ${port} is in use: give another with --port`,
    unexpected: message => `unexpected error: ${message}. log/cos_sync.log has more; please report it`,
  },
  warnings: {
    keyTwice: (key, line) =>
      `config: "${key}" is given more than once with different values: the last one counts, in line ${line}`,
    unknownKey: (key, nearest) =>
      `config: unknown key "${key}" is ignored${nearest ? `; did you mean "${nearest}"?` : ''}`,
    thresholdCut: most =>
      `multipart_threshold: files larger than ${most} MiB are uploaded in parts all the same, because a file that is uploaded whole is held in memory`,
    olderLedger: (file, leftBy, lastRun) =>
      `${file} is as run ${leftBy} left it, though run ${lastRun} came after: an older ledger was put back, which lacks what was uploaded since. Compare with COS: ${call('verify')}`,
    cutLedger: (file, lastRun) =>
      `${file} is shorter than run ${lastRun} left it: its end is missing, with what was uploaded last. Compare with COS: ${call('verify')}`,
    watchWithoutDaemon: 'config: watch has no effect without daemon_mode: this is a single run',
    otherLedger: (file, { localPath, place, shard }) =>
      `db/ has a ledger for the same bucket and cos_path, of ${localPath} (${place}). If this is that folder, moved, take its records over, so that nothing is sent again: ${call(`ledger adopt${shard ? ` --shard ${shard}` : ''} --from ${file}`)}`,
    ledgerWithin: (folder, file, { localPath, prefix }) =>
      `${folder} goes to the same objects as ${localPath}, which is synced to ${prefix}: each of the two overwrites and deletes what the other uploads. Give one of them another cos_path or exclude "${folder}" here; if ${localPath} is synced no longer, move ${file} out of db/`,
    configReadableByOthers: file => `${file} holds a secret and is readable by others: chmod 600 ${file}`,
    configRefused: message => `the changed configuration is refused, the old one stays in force: ${message}`,
    configReread: file => `${file} changed and was read again`,
    skipped: (path, reason) => `skipped ${path}: ${reason}`,
    grew: path =>
      `${path} kept growing: COS has what it held when it was opened, and the next run uploads what it holds then`,
    outputUnwritable: reason =>
      `standard output cannot be written (${reason}): the work goes on; see log/cos_sync.log`,
    noCurrentFolder: 'the current folder was removed: change to one that is there, with cd',
    logUnwritable: (file, reason) => `${file} cannot be written (${reason}): this run is not logged`,
    daemonRunFailed: message => `this run failed, the next one follows: ${message}`,
    fileUnwritable: (file, reason) =>
      reason === 'EISDIR'
        ? `${file} is a folder, so nothing was written: name a file in it`
        : `${file} cannot be written (${reason}): check its folder and permissions`,
    patternIsList: (key, pattern, list) =>
      `${key}: "${pattern}" is one pattern: a comma separates only inside {}. Write several patterns as ${list}`,
    patternUnmatched: (key, pattern, list) =>
      `${key}: "${pattern}" matched nothing${list === undefined ? '' : `: a comma separates only inside {}. Write several patterns as ${list}`}`,
    includeLeavesNoFile: key => `${key}: no file matches: nothing takes part in the sync`,
    hookFailed: (key, reason, output) => `${key} failed: ${reason}${output && `: ${output}`}`,
  },
  hook: {
    exited: code => `exit code ${code}`,
    killed: signal => `ended by ${signal}`,
    timedOut: seconds => `it did not end within ${seconds} s and was killed`,
    notStarted: (program, code) =>
      `"${program}" cannot be started (${code}): write the program's path, and its arguments as ["program", "argument"]`,
  },
  run: {
    dryRun: 'dry run: nothing is changed',
    movedFrom: path => `moved from ${path}`,
    would: 'plan',
    idle: (time, unchanged, seconds) =>
      `${time}  nothing to do, ${unchanged} unchanged; next run in ${seconds} s`,
    nextRunIn: seconds => `next run in ${seconds} s`,
    daemonOff: 'daemon_mode is 0 now: no further run',
    andMore: count => `… and ${count} more`,
  },
  demo: {
    intro: (folder, server) => `A sample folder:  ${folder}\nA COS of your own: ${server}`,
    firstRun: '1. The first run uploads everything:',
    changed: (added, edited, removed, from, to) =>
      `Then: ${added} is new, ${edited} was edited, ${removed} was deleted, folder ${from} was renamed to ${to}.`,
    secondRun: '2. The second run brings COS up to date; what moved is copied inside COS, not sent again:',
    thirdRun: '3. The third run finds nothing to do, and asks COS for nothing:',
    restore: folder => `4. And the way back, to ${folder}:`,
    compared: (equal, different) =>
      different === 0
        ? `${counted(equal, 'file')} restored, each with the content and the time of its original.`
        : `${counted(equal, 'file')} restored as they were, ${different} different from their originals.`,
    watch: '5. With watch, a change is in COS as soon as its folder is at rest:',
    where: (objects, ledger, log) =>
      `Look for yourself:\n  the objects  ${objects}\n  the ledger   ${ledger}\n  the log      ${log}`,
    next: `For your own bucket: ${call('init')}`,
  },
  localCos: {
    listening: (url, folder) => `A COS for this machine only listens on ${url}, objects are in ${folder}`,
    configure: 'In conf/config.json:',
    keysGiven: 'secret_id and secret_key are those of COS_SECRET_ID and COS_SECRET_KEY.',
    stop: 'Ctrl-C ends it.',
  },
  progress: progressEn,
  history: historyEn,
  explain: explainEn,
  init: initEn(call),
  verify: verifyEn(call),
  ledger: ledgerEn(call),
  doctor: doctorEn(call),
  restore: restoreEn(call),
  schedule: scheduleEn(call),
  shard: shardEn(call),
  watch: watchEn,
  status: statusEn,
  help: helpEn,
  keys: keysEn,
});
