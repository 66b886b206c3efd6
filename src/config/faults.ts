/** What can be wrong with a configuration value; the words are in report/words. */
export type Problem =
  | 'missing'
  | 'placeholder'
  | 'notText'
  | 'notNumber'
  | 'outOfRange'
  | 'notSwitch'
  | 'notChoice'
  | 'notList'
  | 'notMap'
  | 'notDeleteLimit'
  | 'notProgram'
  | 'negatedPattern'
  | 'untouched'
  | 'notAbsolute'
  | 'isFile'
  | 'dotsInPath'
  | 'noPlainFile'
  | 'escapedPath'
  | 'bucketWithoutAppid'
  | 'badBucket'
  | 'badAppid'
  | 'badRegion'
  | 'badEndpoint'
  | 'badHost'
  | 'badShard'
  | 'shardNotInDaemon'
  | 'shardOnlyInSync'
  | 'onlyWithRepair'
  | 'bareIpv6'
  | 'bucketIsHost'
  | 'regionForAccelerate'
  | 'badMetaName'
  | 'metaTooLong'
  | 'badProxy'
  | 'badCredential'
  | 'needsCommandSource'
  | 'badPattern'
  | 'badHeader'
  | 'ownHeader'
  | 'fileMissing'
  | 'fileGone'
  | 'templateAgain'
  | 'noKeptCopy'
  | 'isFolder'
  | 'fileUnreadable'
  | 'notUtf8'
  | 'utf16'
  | 'notJson'
  | 'jsonComment'
  | 'jsonTrailingComma'
  | 'jsonMissingComma'
  | 'jsonQuotes'
  | 'jsonWideMark'
  | 'singleBackslash'
  | 'notObject'
  | 'unknownOption'
  | 'optionWithoutValue'
  | 'secretOption'
  | 'optionOfOther'
  | 'optionNeedsOther'
  | 'notFlagValue'
  | 'manyValues'
  | 'contradiction'
  | 'unknownCommand'
  | 'actionMissing'
  | 'argumentMissing'
  | 'extraArgument'
  | 'afterDashes'
  | 'unknownRun'
  | 'outsideLocalPath'
  | 'noAnswer'
  | 'unwritable'
  | 'noHistory'
  | 'ownFile'
  | 'ownFolder'
  | 'sameFile'
  | 'badInterval'
  | 'badTime'
  | 'atWithoutDaily'
  | 'serviceKind'
  | 'serviceShards'
  | 'serviceTimes'
  | 'shardsKind'
  | 'badName'
  | 'unschedulablePath'
  | 'variableInPath'
  | 'noSuchFolder'
  | 'noLedgerOfTarget'
  | 'folderInUse'
  | 'badMoment'
  | 'atAndRun'
  | 'notTogether'
  | 'runOfOther'
  | 'noVersions'
  | 'ontoSynced'
  | 'ontoRunning';

export interface Fault {
  /** The config key or command line option; empty for the file as a whole. */
  key: string;
  problem: Problem;
  /** What the words need: the refused value, bounds, choices. Never a secret. */
  values: Readonly<Record<string, string | number>>;
  /** What gave the value, where that is not the file: `--thread-num`, `COS_SECRET_ID`. */
  source?: string;
}

/** Everything that is wrong with the configuration or the command line. Exit code 2. */
export class ConfigError extends Error {
  /** The file, or empty for the command line. */
  readonly file: string;
  readonly faults: readonly Fault[];

  constructor(file: string, faults: readonly Fault[]) {
    super(faults.map(({ key, problem }) => `${key}: ${problem}`).join('; '));
    this.name = 'ConfigError';
    this.file = file;
    this.faults = faults;
  }
}

/** One thing that is wrong with the command line, or with a value that it gives. */
export function usageFault(key: string, problem: Problem, values: Fault['values'] = {}): ConfigError {
  return new ConfigError('', [{ key, problem, values }]);
}

/** A key that nothing reads. */
export interface UnknownKey {
  key: string;
  nearest: string | undefined;
}
