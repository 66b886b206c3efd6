import { CosError } from '../errors.ts';
import { type CosRequest, parameter } from '../request.ts';

/** The one account this server knows. */
export const OWNER = { ID: 'qcs::cam::uin/100000000001:uin/100000000001', DisplayName: '100000000001' };

/** How a listing writes keys: percent-encoded with encoding-type=url, else as they are. */
export function encoderOf(request: CosRequest): {
  name: string | undefined;
  encode: (text: string) => string;
} {
  const type = parameter(request, 'encoding-type');
  if (type === undefined || type === '') return { name: undefined, encode: text => text };
  if (type !== 'url') throw new CosError('InvalidArgument', 'encoding-type can only be url.');
  return { name: 'url', encode: text => encodeURIComponent(text.toWellFormed()) };
}
