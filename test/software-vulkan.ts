/** @file A WebGPU adapter without a GPU: the software Vulkan driver that Debian's chromium brings. */

import { existsSync } from "node:fs";
import { constants } from "node:os";

const FOLDER = "/usr/lib/chromium";
const [LOADER, DRIVER] = [`${FOLDER}/libvulkan.so.1`, `${FOLDER}/vk_swiftshader_icd.json`];
/** The library stays loaded, so that ONNX Runtime finds it under its name. */
const RTLD_NODELETE = 0x1000;

/** Makes it the Vulkan driver of this process; false, with a line, where it is not installed. */
export function useSoftwareVulkan(): boolean {
  if (!existsSync(LOADER) || !existsSync(DRIVER)) {
    console.warn(`skipped: WebGPU on ${DRIVER}, which is not there (Debian: chromium)`);
    return false;
  }
  process.env["VK_ICD_FILENAMES"] = DRIVER;
  try {
    process.dlopen({ exports: {} }, LOADER, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch (error) {
    if (!(error as Error).message.startsWith("Module did not self-register")) throw error;
  }
  return true;
}
