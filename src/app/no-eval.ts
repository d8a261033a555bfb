/** @file Imported first: the page's policy forbids code made from text, which the schemas would otherwise try. */

import { z } from "zod";

z.config({ jitless: true });
