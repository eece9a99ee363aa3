/** Says on a terminal how far long work is, on a line of stderr that goes when it is over; elsewhere nothing. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr) {
  const write = (text: string): void => {
    if (stream.isTTY) stream.write(text);
  };
  return {
    /** The text must fit a line. */
    say: (text: string): void => write(`\r\x1b[K${text}`),
    clear: (): void => write('\r\x1b[K'),
  };
}
