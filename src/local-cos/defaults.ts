/** What a server has where nothing else is asked for. */
export const LOCAL_BUCKET = 'local-1250000000';
export const LOCAL_REGION = 'ap-local';
