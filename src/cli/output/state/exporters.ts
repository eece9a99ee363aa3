import { formatCount } from '../../../format.ts';

/** One exporter, as in `status --json`. */
export interface ExporterFacts {
  readonly name: string;
  readonly target: string | null;
  readonly state: 'starting' | 'working' | 'failing' | 'no_daemon';
  readonly last_error: string | null;
  readonly sent: number;
  readonly dropped: number;
  readonly failures: number;
}

/** Whether an exporter works, and what it has sent. */
export function exporterText(exporter: ExporterFacts): string {
  const { name, target, state, last_error } = exporter;
  const to = target === null ? name : `${name} to ${target}`;
  if (state === 'no_daemon')
    return `${name} is on, but no daemon is running. To start it: hookbus daemon start`;
  if (state === 'starting') return `${name} is starting`;
  const why = state === 'failing' ? ` is failing: ${last_error}` : '';
  return `${to}${why}${why === '' ? ',' : ';'} ${countsText(exporter)}`;
}

function countsText({ name, sent, dropped, failures }: ExporterFacts): string {
  const parts = [
    name === 'prometheus'
      ? `answers: ${formatCount(sent)}`
      : `${formatCount(sent)} sent, ${formatCount(dropped)} dropped`,
    failures === 0 ? '' : `failed attempts: ${formatCount(failures)}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
