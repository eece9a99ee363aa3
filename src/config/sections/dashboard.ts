import { whole } from '../file/config-setting.ts';

const MAX_PORT = 65_535;

/** The page that the daemon serves to this machine. */
export const dashboard = {
  /** 0: any free port. */
  port: whole(0, 'a port', { min: 0, max: MAX_PORT }),
};
