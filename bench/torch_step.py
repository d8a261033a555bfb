"""Times training steps and forward passes of M1-M4 in PyTorch: the peer of the project's own figures.

One JSON object a line on standard output; times in seconds, CPU time of all threads of this process.
    python3 bench/torch_step.py [--device cuda] [--batch B] [--threads N] [--networks M1 M2] [--steps K]
        medians of K runs of each network after two warm-up runs, then the rate of a 2048^3 matrix product
    python3 bench/torch_step.py --serve
        answers every line "M2 step", "M2 forward" or "matmul" of standard input with one timed run, so that runs of two
        programs can alternate within the same minute on a noisy machine
A step is forward, softmax dice loss, backward and Adam (AMSGrad, L2) on B x 4 x 128 x 128 float32 (B is 8) with the paper's dropout;
forward is inference: evaluation mode, softmax, no gradient. Without PyTorch the answer is one {"error": ...} line, exit code 1.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

CHANNELS, CLASSES, SIDE = 4, 4, 128
NETWORKS = ("M1", "M2", "M3", "M4")
MATRIX = 2048
WARM_UP = 2


def answer(fields):
    print(json.dumps(fields), flush=True)


def load_torch(threads, device):
    """Imports PyTorch with that many threads; its BLAS and OpenMP read the environment once, at load.

    Waiting threads sleep: on two shared cores that is PyTorch's better setting. Spinning, its default, takes an M1 step 0.69-0.89 s
    of CPU and 0.34-0.45 s of wall time instead of 0.43 and 0.24, an M3 step 2.1 and 1.07 instead of 1.03 and 0.63.
    """
    os.environ["OMP_WAIT_POLICY"] = "passive"
    os.environ["OPENBLAS_THREAD_TIMEOUT"] = "4"  # spin for 2^4 clock ticks, the least OpenBLAS takes
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test" / "reference"))
    try:
        import torch
        import torch_networks
    except ImportError as error:
        answer({"error": f"the PyTorch peer cannot run: {error}; install python3-torch to compare"})
        sys.exit(1)
    if device == "cuda" and not torch.cuda.is_available():
        answer({"error": "the PyTorch peer cannot run: this PyTorch sees no CUDA device"})
        sys.exit(1)
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    return torch, torch_networks


def timed(run):
    """Every run ends with a number on the host, so that a GPU has done its work."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return {"wall_s": round(time.perf_counter() - wall, 5), "cpu_s": round(time.process_time() - cpu, 5)}


def network_runs(torch, networks, name, options):
    """The two things to time of a network: step and forward."""
    model = networks.BANK[name]().to(options.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5, amsgrad=True)
    images = torch.randn(options.batch, CHANNELS, SIDE, SIDE, device=options.device)
    labels = torch.randint(0, CLASSES, (options.batch, SIDE, SIDE), device=options.device)

    def step():
        model.train()
        loss = networks.dice_loss(model(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    def forward():
        model.eval()
        with torch.no_grad():
            return model(images).softmax(dim=1)[0, 0, 0, 0].item()

    return {"step": step, "forward": forward}


def matrix_product(torch, options):
    a, b = (torch.randn(MATRIX, MATRIX, device=options.device) for _ in range(2))
    return lambda: (a @ b)[0, 0].item()


def with_rate(times):
    return {**times, "gmacs_per_s": round(MATRIX**3 / times["wall_s"] / 1e9, 1)}


def serve(torch, networks, options):
    ready = {}
    answer({"ready": True, "torch": torch.__version__, "threads": torch.get_num_threads()})
    for line in sys.stdin:
        name, _, mode = line.strip().partition(" ")
        if name not in NETWORKS and line.strip() != "matmul" or name in NETWORKS and mode not in ("step", "forward"):
            answer({"error": f"no request '{line.strip()}': write 'M2 step', 'M2 forward' or 'matmul'"})
            continue
        if name not in ready:
            ready[name] = {"": matrix_product(torch, options)} if name == "matmul" else network_runs(torch, networks, name, options)
            for run in list(ready[name].values()) * WARM_UP:
                run()
        times = timed(ready[name][mode])
        answer({"matmul": MATRIX, **with_rate(times)} if name == "matmul" else {"network": name, "mode": mode, **times})


def medians(run, steps):
    for _ in range(WARM_UP):
        run()
    times = [timed(run) for _ in range(steps)]
    return {**{key: statistics.median(t[key] for t in times) for key in times[0]}, "runs": steps}


def report(torch, networks, options):
    steps = options.steps
    shared = {"batch": options.batch, "threads": torch.get_num_threads(), "torch": torch.__version__}
    for name in options.networks:
        for mode, run in network_runs(torch, networks, name, options).items():
            answer({"network": name, "mode": mode, **medians(run, steps), **shared})
    answer({"matmul": MATRIX, **with_rate(medians(matrix_product(torch, options), steps)), "threads": shared["threads"]})


def main():
    parser = argparse.ArgumentParser(description="Times Med-DANet's networks in PyTorch.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--serve", action="store_true", help="time one run for each line of standard input")
    options = parser.parse_args()
    torch, networks = load_torch(options.threads, options.device)
    if options.serve:
        serve(torch, networks, options)
    else:
        report(torch, networks, options)


if __name__ == "__main__":
    main()
