/** @file The table of metrics. A metric that is listed here is measured for every case and region and has its column in every report. */

import { dice } from "./dice.ts";
import { hd95 } from "./hd95.ts";
import { sensitivity } from "./sensitivity.ts";
import { specificity } from "./specificity.ts";

export const metrics = { dice, hd95, sensitivity, specificity } as const;

export type MetricName = keyof typeof metrics;
