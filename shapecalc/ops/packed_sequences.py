"""Packed sequences: https://pytorch.org/docs/stable/nn.html#utilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapecalc import dims
from shapecalc.access import WHOLE, Access, Range, Reads, Same, everything, shifted
from shapecalc.conditions import decide, require, require_same
from shapecalc.dims import Dim, IntoDim, Shape
from shapecalc.errors import RankError
from shapecalc.op import Call, Op, Operand, OutShape, data, require_rank
from shapecalc.ops.recurrent import LENGTHS
from shapecalc.ops.window import require_elements
from shapecalc.registry import reader


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPaddedSequence(Op):
    """The steps of all sequences of a batch in a row, without the padding.

    Shapes:
        input: (T, N, *), or (N, T, *) with `batch_first`
        lengths: (N,)
        data: (?, *), where ? is the sum of the lengths
        batch_sizes: (?,), where ? is the greatest length; the first batch size is N

    Raises:
        RankError: the input has no axes T and N, or the lengths have not one axis.
        DimMismatchError: there is not one length for each sequence.
        SizeError: the input is empty.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
    """

    batch_first: bool = False

    def out_shape(self, input: Shape, lengths: Shape) -> OutShape:
        """Leave the number of steps open, and that of the longest sequence."""
        if len(input) < 2:
            raise RankError(f"expected at least 2 dimensions (T, N, *), got {len(input)}: {input}")
        require_elements(input, len(input))
        require_rank(lengths, 1, layout="(N,) in the lengths")
        batch = input[0 if self.batch_first else 1]
        require_same(lengths[0], batch, "the number of lengths, one for each sequence,")
        return [(data(0, minimum=1), *input[2:]), (data(1, minimum=1),)]

    def at_most(self, *inputs: Shape) -> Mapping[Dim, Dim]:
        """Return that no sequence is longer than the padded ones."""
        return {data(1, minimum=1): inputs[0][1 if self.batch_first else 0]}

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a step of a sequence, or to count the sequences that have a step, all lengths."""
        lengths = inputs[1]
        if output == 1:
            return [None, everything(lengths)]
        features = map(Same, range(1, len(out)))
        return [Access((WHOLE, WHOLE, *features), bound=LENGTHS), everything(lengths, LENGTHS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PadPackedSequence(Op):
    """A batch of sequences, each filled up to `total_length`, or for 0 to the longest one.

    Shapes:
        steps: (?, *), the data of a packed sequence
        batch_sizes: (T,)
        output: (T, N, *), or (N, T, *) with `batch_first`
        lengths: (N,)

    Units:
        batch: sequences; None where nothing says how many these are.
        total_length: steps of a sequence.

    Raises:
        RankError: `steps` has no axis, or `batch_sizes` has not one.
        SizeError: a sequence is longer than `total_length`, or there is none.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
    """

    batch: Dim | None
    batch_first: bool = False
    total_length: Dim = dims.ZERO

    def out_shape(self, steps: Shape, batch_sizes: Shape) -> OutShape:
        """Put the batch and the sequence in the place of all steps."""
        if not steps:
            raise RankError("expected at least 1 dimension (steps, *), got 0")
        require_rank(batch_sizes, 1, layout="(T,) in the batch sizes")
        require_elements(batch_sizes, 1)
        batch = data(0, minimum=1) if self.batch is None else self.batch
        length = batch_sizes[0]
        if decide(self.total_length, ">", 0, "total_length"):
            text = f"total_length={dims.format_dim(self.total_length)} is less than a sequence has"
            require(self.total_length, ">=", length, text)
            length = self.total_length
        leading = (batch, length) if self.batch_first else (length, batch)
        return [(*leading, *steps[1:]), (batch,)]

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read a step of a sequence, or for its length all batch sizes."""
        sizes = everything(inputs[1], LENGTHS)
        if output == 1:
            return [None, sizes]
        return [Access((WHOLE, *map(Same, range(2, len(out)))), bound=LENGTHS), sizes]


@dataclass(frozen=True, slots=True, kw_only=True)
class PadSequence(Op):
    """Sequences one beside the other, each filled up to the longest.

    Shapes:
        sequences: (T_i, *) each
        output: (T, N, *), or (N, T, *) with `batch_first`, where T is the greatest T_i

    Raises:
        RankError: a sequence has no axis, or other axes than the first one.
        DimMismatchError: two sequences differ in more than their length.

    Source:
        https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
    """

    batch_first: bool = False
    padding_side: str = "right"

    def out_shape(self, *sequences: Shape) -> OutShape:
        """Take the greatest length, and what else all have in common."""
        first = sequences[0]
        for sequence in sequences:
            require_rank(sequence, max(len(first), 1), layout="(T, *)")
            for own, same in zip(sequence[1:], first[1:], strict=True):
                require_same(own, same, "the size of every sequence but its length")
        length = first[0]
        for sequence in sequences[1:]:
            length = dims.maximum(length, sequence[0])
        count = dims.as_dim(len(sequences))
        leading = (count, length) if self.batch_first else (length, count)
        return (*leading, *first[1:])

    def reads(self, inputs: tuple[Shape, ...], out: Shape, output: int = 0) -> Reads:
        """Read the step of the sequence that the output is about."""
        batch, time = (0, 1) if self.batch_first else (1, 0)
        rest = [Same(axis) for axis in range(2, len(out))]
        found = list[Access]()
        for number, sequence in enumerate(inputs):
            late = sequence[0] - out[time] if self.padding_side == "left" else dims.ZERO
            own = Range(axis=batch, start=dims.as_dim(number), stop=dims.as_dim(number + 1))
            found.append(Access((shifted(time, late), *rest), when=(own,)))
        return found


@reader("_pack_padded_sequence")
def read_pack_padded_sequence(input: Operand, lengths: Operand, batch_first: bool) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html"""
    op = PackPaddedSequence(batch_first=bool(batch_first))
    batch = input.shape[0 if batch_first else 1] if input.ndim > 1 else None
    return Call(op, (input, lengths), (input.dtype, "int64"), firsts=(batch,))


@reader("_pad_packed_sequence")
def read_pad_packed_sequence(
    data: Operand,
    batch_sizes: Operand,
    batch_first: bool,
    padding_value: float,
    total_length: IntoDim,
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html"""
    # the length of the longest sequence, which torch passes by default, is no demand
    length = dims.as_dim(total_length)
    op = PadPackedSequence(
        batch=batch_sizes.first,
        batch_first=bool(batch_first),
        total_length=dims.ZERO if batch_sizes.shape == (length,) else length,
    )
    return Call(op, (data, batch_sizes), (data.dtype, "int64"))


@reader("_C._nn.pad_sequence")
def read_pad_sequence(
    sequences: Sequence[Operand],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Call:
    """https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html"""
    op = PadSequence(batch_first=batch_first, padding_side=padding_side)
    return Call(op, tuple(sequences))
