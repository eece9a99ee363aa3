/** The part of unix-dgram that HookBus uses; the package has no types. */
declare module 'unix-dgram' {
  interface UnixDatagramSocket {
    on(event: 'error', listener: (error: Error) => void): void;
    send(
      packet: Buffer,
      offset: number,
      length: number,
      path: string,
      done: (error?: Error & { readonly code?: number | string }) => void,
    ): void;
    close(): void;
  }
  export function createSocket(type: 'unix_dgram'): UnixDatagramSocket;
}
