import { flag, oneOf, whole } from '../file/config-setting.ts';

/** The daemon's /metrics. */
export const prometheus = {
  enabled: flag(false),
  /** Of this machine only: there is no password, and hook names are nobody else's business. */
  address: oneOf(['127.0.0.1', '::1']),
  /** Not the 9464 of OpenTelemetry, which the agent itself may use. */
  port: whole(9642, 'a port', { least: 1, most: 65_535 }),
};
