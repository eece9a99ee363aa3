/** Shows progress on one line of stderr, on a terminal only. */
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
