import { port } from '../file/config-setting.ts';

/** The page that the daemon serves to this machine. */
export const dashboard = {
  /** 0: any free port. */
  port: port(0, 0),
};
