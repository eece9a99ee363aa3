import { defineConformance } from './suite.ts';
import { NODE_ENGINE } from './support/engines.ts';

defineConformance(NODE_ENGINE);
