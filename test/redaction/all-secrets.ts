import { keySamples } from './secret-keys.ts';
import { boundarySamples, encodingSamples, placeSamples } from './secret-places.ts';
import { drawFrom, type Sample, tokenSamples } from './secrets.ts';

/** All made-up secrets; each seed gives others. */
export function allSamples(seed: number): (Sample & { readonly isCut: boolean })[] {
  const draw = drawFrom(seed);
  const samples = [
    ...tokenSamples(draw),
    ...keySamples(draw),
    ...placeSamples(draw),
    ...encodingSamples(draw),
    ...boundarySamples(draw),
  ];
  return samples.map((sample) => ({ ...sample, isCut: sample.group === 'boundaries' }));
}
