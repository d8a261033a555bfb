/** @file The viewer library behind one interface: the only importer of NiiVue. */

import { DRAG_MODE, Niivue, NVImage, SHOW_RENDER, SLICE_TYPE } from "@niivue/niivue";
import type { Colour } from "../../report/colour.ts";
import type { Vec3 } from "../../volume/grid.ts";

const sliceTypes = {
  all: SLICE_TYPE.MULTIPLANAR,
  axial: SLICE_TYPE.AXIAL,
  coronal: SLICE_TYPE.CORONAL,
  sagittal: SLICE_TYPE.SAGITTAL,
  "3D": SLICE_TYPE.RENDER,
} as const;

export type Plane = keyof typeof sliceTypes;

/** Intensities shown black and white, and those that occur. */
export interface GrayWindow {
  readonly black: number;
  readonly white: number;
  readonly least: number;
  readonly most: number;
}

export interface LabelStyle {
  /** Label -> colour; others are not shown. */
  readonly colours: Readonly<Record<number, Colour>>;
  readonly opacity: number;
}

/** One canvas with an image and labels over it. Files are NIfTI, plain or gzip; places are mm in the world. */
export interface View {
  showImage(file: Uint8Array): Promise<GrayWindow>;
  showLabels(file: Uint8Array | undefined, style: LabelStyle): Promise<void>;
  setWindow(window: Pick<GrayWindow, "black" | "white">): void;
  setPlane(plane: Plane): void;
  moveTo(place: Vec3): void;
  /** Moves the crosshair by voxels to the right, anterior, superior. */
  step(x: number, y: number, z: number): void;
  /** Turns the 3D view by degrees. */
  turn(azimuth: number, elevation: number): void;
  close(): void;
}

export interface ViewEvents {
  onMove(place: Vec3): void;
  /** The user changed the window with the pointer. */
  onWindow(window: Pick<GrayWindow, "black" | "white">): void;
}

/** Radiological convention: the patient's right is at the left. */
export async function openView(canvas: HTMLCanvasElement, { onMove, onWindow }: ViewEvents): Promise<View> {
  const viewer = new Niivue({
    ...{ backColor: [0, 0, 0, 1], crosshairColor: [0.9, 0.9, 0.85, 0.6], crosshairWidth: 1, crosshairGap: 8 },
    ...{ isRadiologicalConvention: true, dragAndDropEnabled: false, dragMode: DRAG_MODE.windowing },
    ...{ multiplanarShowRender: SHOW_RENDER.NEVER, show3Dcrosshair: true, isNearestInterpolation: false },
    ...{ loadingText: "", logLevel: "error", fontSizeScaling: 0.4, tileMargin: 0 },
  });
  await viewer.attachToCanvas(canvas, false);
  skipGradients(viewer);
  viewer.onLocationChange = (location) => {
    const [x, y, z] = (location as { mm: ArrayLike<number> & Iterable<number> }).mm;
    onMove([x, y, z]);
  };
  viewer.onIntensityChange = ({ cal_min, cal_max }) => onWindow({ black: cal_min ?? 0, white: cal_max ?? 1 });
  return makeView(viewer);
}

/**
 * With every new window or colour the library makes a volume of the image's gradients, forty samples a voxel, for shading that
 * is off here. Copies in their place: where graphics are software, two cores show 240x240x155 in 0.6 s instead of 1.8.
 */
function skipGradients(viewer: Niivue): void {
  viewer.blurShader = viewer.passThroughShader!;
  viewer.sobelFirstOrderShader = viewer.passThroughShader!;
}

function makeView(viewer: Niivue): View {
  let image: NVImage | undefined;
  let labels: NVImage | undefined;
  const list = () => {
    viewer.volumes = [image, labels].filter((volume) => volume !== undefined);
    viewer.back = image ?? null;
    viewer.overlays = labels ? [labels] : [];
  };
  const refresh = () => {
    list();
    if (image) viewer.updateGLVolume();
  };
  /** Labels alone: the image below them stays as it is. */
  const refreshLabels = () => {
    list();
    if (!image || !labels) return;
    viewer.refreshLayers(labels, 1);
    viewer.drawScene();
  };
  return {
    showImage: async (file) => {
      image = await readImage(file, "image");
      refresh();
      const [black, white] = [image.cal_min ?? 0, image.cal_max ?? 1];
      return { black, white, least: image.global_min ?? black, most: image.global_max ?? white };
    },
    showLabels: async (file, style) => {
      const hadLabels = labels !== undefined;
      labels = file && (await readImage(file, "labels"));
      if (labels) paint(labels, style);
      if (hadLabels && !labels) refresh();
      else refreshLabels();
    },
    setWindow: ({ black, white }) => {
      if (!image || (image.cal_min === black && image.cal_max === white)) return;
      image.cal_min = black;
      image.cal_max = white;
      refresh();
    },
    setPlane: (plane) => void viewer.setSliceType(sliceTypes[plane]),
    moveTo: (place) => {
      if (!image || isNear(viewer.frac2mm(viewer.scene.crosshairPos), place)) return;
      viewer.scene.crosshairPos = viewer.mm2frac([...place]);
      viewer.drawScene();
    },
    step: (x, y, z) => viewer.moveCrosshairInVox(x, y, z),
    turn: (azimuth, elevation) =>
      viewer.setRenderAzimuthElevation(viewer.scene.renderAzimuth + azimuth, viewer.scene.renderElevation + elevation),
    close: () => {
      viewer.cleanup();
      viewer.gl.getExtension("WEBGL_lose_context")?.loseContext(); // its memory is not given back before
    },
  };
}

const isNear = (a: ArrayLike<number>, b: Vec3) => b.every((value, axis) => Math.abs(value - a[axis]) < 1e-3);

/** NiiVue tells gzip by the name. */
function readImage(file: Uint8Array, name: string): Promise<NVImage> {
  const isGzip = file[0] === 0x1f && file[1] === 0x8b;
  return NVImage.loadFromFile({ file: new File([file as BlobPart], `${name}.nii${isGzip ? ".gz" : ""}`), name });
}

/** Label k is entry k of the table; those without a colour are transparent. */
function paint(labels: NVImage, { colours, opacity }: LabelStyle): void {
  const length = Math.max(...Object.keys(colours).map(Number), 0) + 1;
  const entry = (channel: 0 | 1 | 2) => Array.from({ length }, (_, label) => colours[label]?.[channel] ?? 0);
  const [R, G, B] = [entry(0), entry(1), entry(2)];
  const A = Array.from({ length }, (_, label) => (label in colours ? 255 : 0));
  labels.setColormapLabel({ R, G, B, A, I: Array.from({ length }, (_, i) => i) });
  labels.opacity = opacity;
}
