import { reasonOf } from '../domain/errors.ts';
import { createUdpSender, createUnixSender, type DatagramSender } from './datagram.ts';
import { createTally, type Exporter, type ExporterParts, type Tally } from './exporter.ts';
import { createPacketWriter, type Packet, type StatsdFormat } from './statsd-packets.ts';

export interface StatsdOptions extends StatsdFormat {
  readonly host: string;
  readonly port: number;
  /** If empty, host and port are used. */
  readonly socket: string;
}

/** Limits for waiting packets and for packets in the hands of the system, which may have to look up a name first. */
const MAX_WAITING = 1000;
const MAX_SENDING = 16;

/** Pause while the receiver's queue is full, in ms. */
const BUSY_MS = 50;

/** Time limit of closing, in ms. */
const CLOSE_MS = 500;

/** Sends StatsD packets. @throws if this machine has no sockets of that kind */
export async function openStatsd(
  options: StatsdOptions,
  { resource }: Pick<ExporterParts, 'resource'>,
): Promise<Exporter> {
  const { host, port, socket } = options;
  const sender = socket === '' ? createUdpSender(host, port) : await createUnixSender(socket);
  const tally = createTally(sender.target);
  const packetsOf = createPacketWriter(options, resource());
  const queue = new PacketQueue(sender, tally);
  return {
    take: (executions) => {
      queue.add(packetsOf(executions));
    },
    // Packets are sent or dropped at once.
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

  /** Resolves when all packets were sent, or after `ms`. */
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
    // A Unix socket calls back at once, inside #sendOne; then this loop continues instead of starting another.
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
    this.#tally.failed("the receiver's queue is full");
    this.#waiting.unshift(packet);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#send();
    }, BUSY_MS);
  }
}
