import { reasonOf } from '../domain/errors.ts';
import { createUdpSender, createUnixSender, type DatagramSender } from './datagram.ts';
import { createTally, type Exporter, type Tally } from './exporter.ts';
import { createPacketWriter, type Packet, type StatsdFormat } from './statsd-packets.ts';

export interface StatsdOptions extends StatsdFormat {
  readonly host: string;
  readonly port: number;
  /** Empty: host and port hold. */
  readonly socket: string;
}

/** Packets that wait, and those that the system has and has not yet sent: a name may be slow to look up. */
const MAX_WAITING = 1000;
const MAX_SENDING = 16;

/** Pause where the receiver's queue is full, in ms. */
const BUSY_MS = 50;

/** How long closing may take, in ms. */
const CLOSE_MS = 500;

/** Sends StatsD packets. @throws where there is no socket of that kind on this machine */
export async function openStatsd(options: StatsdOptions): Promise<Exporter> {
  const { host, port, socket } = options;
  const sender = socket === '' ? createUdpSender(host, port) : await createUnixSender(socket);
  const tally = createTally(sender.target);
  const packetsOf = createPacketWriter(options);
  const queue = new PacketQueue(sender, tally);
  return {
    take: (executions) => {
      queue.add(packetsOf(executions));
    },
    // What is sent, and dropped, is settled at once.
    room: () => Number.POSITIVE_INFINITY,
    state: tally.state,
    close: async () => {
      await queue.emptied(CLOSE_MS);
      sender.close();
    },
  };
}

class PacketQueue {
  readonly #sender: DatagramSender;
  readonly #tally: Tally;
  readonly #waiting: Packet[] = [];
  #sending = 0;
  #isLooping = false;
  #pause: NodeJS.Timeout | undefined;
  #onEmpty: () => void = () => undefined;

  constructor(sender: DatagramSender, tally: Tally) {
    this.#sender = sender;
    this.#tally = tally;
  }

  add(packets: readonly Packet[]): void {
    this.#waiting.push(...packets);
    const surplus = this.#waiting.splice(0, Math.max(0, this.#waiting.length - MAX_WAITING));
    for (const { executions } of surplus) this.#tally.dropped(executions);
    this.#send();
  }

  /** Resolves when everything was sent, or the time is over. */
  async emptied(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      timer = setTimeout(resolve, ms);
      this.#send();
    });
    clearTimeout(timer);
    clearTimeout(this.#pause);
  }

  #send(): void {
    // A Unix socket is done at once, inside of #sendOne: this loop goes on then, instead of another within it.
    if (this.#isLooping) return;
    this.#isLooping = true;
    while (this.#pause === undefined && this.#sending < MAX_SENDING) {
      const packet = this.#waiting.shift();
      if (packet === undefined) break;
      this.#sendOne(packet);
    }
    this.#isLooping = false;
    if (this.#waiting.length === 0 && this.#sending === 0) this.#onEmpty();
  }

  #sendOne(packet: Packet): void {
    this.#sending += 1;
    const done = (failure?: 'busy' | Error): void => {
      this.#sending -= 1;
      if (failure === undefined) this.#tally.sent(packet.executions);
      else if (failure === 'busy') this.#rest(packet);
      else {
        this.#tally.failed(reasonOf(failure));
        this.#tally.dropped(packet.executions);
      }
      this.#send();
    };
    try {
      this.#sender.send(packet.bytes, done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #rest(packet: Packet): void {
    this.#tally.failed('the receiver takes no more just now');
    this.#waiting.unshift(packet);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#send();
    }, BUSY_MS);
  }
}
