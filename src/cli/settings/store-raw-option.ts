import type { CommandOption } from '../words/command.ts';

/** How a command switches the storing of payloads on. */
export const STORE_RAW: CommandOption = {
  value: 'LIST',
  isValueOptional: true,
  describe:
    'store payloads too, of every execution or of those in LIST, such as deny,error (HOOKBUS_STORE_RAW)',
};
