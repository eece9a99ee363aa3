import { flag, oneOf, port } from '../file/config-setting.ts';

/** The daemon's /metrics. */
export const prometheus = {
  enabled: flag(false),
  /** Loopback only: there is no password, and hook names are private. */
  address: oneOf(['127.0.0.1', '::1']),
  /** Not OpenTelemetry's 9464, which the agent itself may use. */
  port: port(9642, 1),
};
