"""Rows for shapecalc/ops/linalg.py and solving.py."""

from __future__ import annotations

import warnings

import torch

from tests.op_cases.case import Case, H, L, N, Rejects, T, W

A = torch.linalg
SQUARE = [{"N": 3, "L": 4}, {"N": 2, "L": 1}, {"N": 1, "L": 5}]
TALL = [{"N": 2, "H": 5, "W": 3}, {"N": 3, "H": 9, "W": 1}]
WIDE = [{"N": 2, "H": 3, "W": 5}, {"N": 3, "H": 1, "W": 4}]
ALONE = [{"N": 2, "L": 4}, {"N": 1, "L": 5}]
SOLVED = [{"N": 2, "L": 4, "T": 3}, {"N": 3, "L": 2, "T": 4}]


def regular(function):
    """Return the function on matrices that have an inverse and a factor of Cholesky."""

    def call(x, *rest):
        return function(x @ x.transpose(-2, -1) + torch.eye(x.shape[-1]), *rest)

    return call


def quiet(function, *args, **options):
    """Return a function of tensors without its warnings."""

    def call(*tensors):
        with warnings.catch_warnings(action="ignore"):
            return function(*tensors, *args, **options)

    return call


def _alone(functions, out):
    return [Case(function, (N, L, L), out, ALONE) for function in functions]


def _rows(functions, out):
    return [Case(regular(function), (N, L, L), out, SQUARE) for function in functions]


CASES = [
    *_rows([A.inv, torch.inverse, A.cholesky, quiet(torch.cholesky), torch.cholesky_inverse], (N, L, L)),
    *_rows([A.matrix_exp, torch.matrix_exp, lambda x: A.matrix_power(x, 3)], (N, L, L)),
    *_rows([lambda x: torch.matrix_power(x, -2), lambda x: x.inverse()], (N, L, L)),
    *_rows([A.det, torch.det, torch.logdet, A.matrix_rank, A.cond], (N,)),
    *_rows([A.eigvalsh, A.eigvals], (N, L)),
    *_rows([A.eigh, A.eig], [(N, L), (N, L, L)]),
    *_rows([A.slogdet, torch.slogdet], [(N,), (N,)]),
    *_rows([A.inv_ex, A.cholesky_ex], [(N, L, L), (N,)]),
    *_alone([A.inv, torch.cholesky_inverse, A.matrix_exp], (N, L, L)),
    *_alone([lambda x, n=n: A.matrix_power(x, n) for n in (-1, 0, 1, 2, 3)], (N, L, L)),
    *_alone([A.det, torch.logdet, A.matrix_rank, A.cond], (N,)),
    *_alone([A.eigvalsh, A.eigvals], (N, L)),
    *_alone([A.eigh, A.eig], [(N, L), (N, L, L)]),
    *_alone([A.slogdet], [(N,), (N,)]),
    *_alone([A.inv_ex, A.cholesky_ex], [(N, L, L), (N,)]),
    *_alone([lambda x: A.pinv(x, hermitian=True)], (N, L, L)),
    *_alone([lambda x: A.matrix_rank(x, hermitian=True)], (N,)),
    Case(lambda x: A.eigh(x @ x.transpose(1, 2)).eigenvectors,     (N, L, L),              (N, L, L), SQUARE),
    Case(A.pinv,                                      (N, H, W),              (N, W, H)),
    Case(torch.pinverse,                              (N, H, W),              (N, W, H)),
    Case(A.matrix_rank,                               (N, H, W),              (N,)),
    Case(A.svdvals,                                   (N, H, W),              (N, W), TALL),
    Case(A.svdvals,                                   (N, H, W),              (N, H), WIDE),
    Case(A.svd,                                       (N, H, W),              [(N, H, H), (N, W), (N, W, W)], TALL),
    Case(lambda x: A.svd(x, full_matrices=False),     (N, H, W),              [(N, H, W), (N, W), (N, W, W)], TALL),
    Case(lambda x: A.svd(x, full_matrices=False).Vh,  (N, H, W),              (N, H, W), WIDE),
    Case(quiet(torch.svd),                            (N, H, W),              [(N, H, H), (N, H), (N, W, H)], WIDE),
    Case(quiet(torch.svd, some=False),                (N, H, W),              [(N, H, H), (N, W), (N, W, W)], TALL),
    Case(A.qr,                                        (N, H, W),              [(N, H, W), (N, W, W)], TALL),
    Case(A.qr,                                        (N, H, W),              [(N, H, H), (N, H, W)], WIDE),
    Case(lambda x: A.qr(x, "complete"),               (N, H, W),              [(N, H, H), (N, H, W)], TALL),
    Case(lambda x: A.qr(x, mode="r"),                 (N, H, W),              [(0,), (N, W, W)], TALL),
    Case(quiet(torch.qr),                             (N, H, W),              [(N, H, W), (N, W, W)], TALL),
    Case(quiet(torch.qr, some=False),                 (N, H, W),              [(N, H, H), (N, H, W)], TALL),
    Case(regular(A.solve),                            [(N, L, L), (N, L, T)], (N, L, T)),
    Case(regular(A.solve),                            [(N, L, L), (T, 1, L, H)], (T, N, L, H)),
    Case(regular(A.solve),                            [(N, L, L), (N, L)],    (N, L)),
    Case(regular(A.solve),                            [(N, L, L), (L,)],      (N, L)),
    Case(regular(lambda a, b: A.solve(a, b, left=False)), [(N, L, L), (N, T, L)], (N, T, L)),
    Case(regular(lambda a, b: A.solve_triangular(a, b, upper=True)), [(N, L, L), (L, T)], (N, L, T)),
    Case(regular(lambda a, b: A.solve_triangular(a, b, upper=True, left=False)), [(N, L, L), (T, L)], (N, T, L)),
    Case(regular(lambda a, b: torch.cholesky_solve(b, a)), [(N, L, L), (L, T)], (N, L, T)),
    Case(A.solve,                                     [(N, L, L), (N, L, T)], (N, L, T), SOLVED),
    Case(A.solve,                                     [(N, L, L), (T, 1, L, 3)], (T, N, L, 3), SOLVED),
    Case(A.solve,                                     [(N, L, L), (N, L)],  (N, L), SOLVED),
    Case(A.solve,                                     [(N, L, L), (L,)],    (N, L), SOLVED),
    Case(A.solve,                                     [(L, L), (T, L, 3)],  (T, L, 3), SOLVED),
    Case(lambda a, b: A.solve(a, b, left=False),      [(N, L, L), (T, L)],  (N, T, L), SOLVED),
    Case(lambda a, b: A.solve_triangular(a, b, upper=True), [(N, L, L), (L, T)], (N, L, T), SOLVED),
    Case(lambda a, b: A.solve_triangular(a, b, upper=False), [(N, L, L), (L, T)], (N, L, T), SOLVED),
    Case(lambda a, b: A.solve_triangular(a, b, upper=True, left=False), [(L, L), (N, T, L)], (N, T, L), SOLVED),
    Case(lambda a, b: A.solve_triangular(a, b, upper=False, left=False), [(L, L), (N, T, L)], (N, T, L), SOLVED),
    Case(lambda a, b: torch.cholesky_solve(b, a),     [(N, L, L), (L, T)],  (N, L, T), SOLVED),
]  # fmt: skip

REJECTS = [
    *(Rejects(function, (2, 3)) for function in (A.inv, A.det, A.cholesky, A.eigh, A.matrix_exp)),
    *(Rejects(function, (3,)) for function in (A.inv, A.det, A.pinv, A.svd, A.qr, A.eig)),
    Rejects(lambda x: A.matrix_power(x, 2), (2, 3)),
    Rejects(regular(A.solve), [(2, 3, 3), (1, 3)]),
    Rejects(regular(A.solve), [(3, 3), (4, 3)]),
    Rejects(lambda a, b: A.solve(a, b, left=False), [(2, 3, 3), (2, 3)]),
    Rejects(lambda a, b: A.solve_triangular(a, b, upper=True), [(3, 3), (3,)]),
    Rejects(lambda a, b: torch.cholesky_solve(b, a), [(3, 3), (4, 2)]),
]  # fmt: skip
