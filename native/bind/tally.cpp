// The tally's kernels for Python: arrays in, exact sums out as bytes; no mathematics here.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include "bitsapart/patterns.hpp"
#include "bitsapart/threads.hpp"
#include "buffers.hpp"

using namespace bitsapart;

namespace {

const TallyKernels& kernels() { return BITSAPART_FOR_THIS_CPU(tally_kernels); }

nb::object fault_of(const Fault& fault) {
    if (fault.row < 0) return nb::none();
    return nb::make_tuple(fault.row, fault.side, fault.column, static_cast<int>(fault.reason), fault.value);
}

// n and infinite of each column; its five sums as whole numbers of 256 bits, little end first.
nb::tuple sums_of(const ColumnSums* columns, size_t count) {
    std::vector<int64_t> counts;
    std::vector<char> integers;
    for (const ColumnSums* column = columns; column != columns + count; ++column) {
        counts.insert(counts.end(), {column->n, column->infinite});
        for (const Wide* wide : {&column->x, &column->xx, &column->xw, &column->w, &column->ww})
            integers.insert(integers.end(), reinterpret_cast<const char*>(wide->limb),
                            reinterpret_cast<const char*>(wide->limb) + sizeof(Wide));
    }
    return nb::make_tuple(counts, nb::bytes(integers.data(), integers.size()));
}

struct Call {  // the arguments of one block, with what keeps them alive
    std::vector<Source> models;
    std::unique_ptr<Buffer> weights;
    Block block{};

    Call(const Side& people, const std::vector<const Side*>& sides, nb::handle weight) {
        for (const Side* side : sides) {
            if (side->items() != people.items()) throw nb::value_error("people and model differ in length");
            models.push_back(side->source());
        }
        block = {people.items(), people.source().classes, people.source(), models.data(),
                 static_cast<int>(models.size()), nullptr, false, false, false, nullptr, nullptr, 0};
        if (!weight.is_none()) {
            weights = std::make_unique<Buffer>(weight);
            block.weight = contiguous<const double>(*weights, people.items());
        }
    }
};

nb::tuple block_sums(const Side& people, const std::vector<const Side*>& models, nb::object weight, bool by_judgement,
                     bool ordinal, bool tails, int worst, int threads) {
    Call call(people, models, weight);
    call.block.by_judgement = by_judgement;
    call.block.ordinal = ordinal;
    call.block.tails = tails;
    std::unique_ptr<BlockResult> result;
    {
        nb::gil_scoped_release released;
        result = run_block(call.block, worst, threads);
    }
    nb::list panels, sums;
    for (size_t K = 0; K < result->panels.size(); ++K)
        if (result->panels[K] > 0) panels.append(nb::make_tuple(K, result->panels[K]));
    for (const ModelSums& model : result->models) {
        nb::list worst_items;
        for (int i = 0; i < model.worst.kept; ++i)
            worst_items.append(nb::make_tuple(model.worst.value[i], model.worst.row[i]));
        sums.append(nb::make_tuple(sums_of(model.column, slots), worst_items, model.worst.dropped));
    }
    return nb::make_tuple(fault_of(result->sums.fault), result->sums.judgements, panels, sums);
}

nb::object column_values(const Side& people, const std::vector<const Side*>& models, const std::vector<int>& columns,
                         nb::object out, int threads) {
    Call call(people, models, nb::none());
    const Buffer values(out, PyBUF_RECORDS);
    for (int column : columns) {
        if (column < 0 || column >= judged_cross_entropy) throw nb::value_error("no such column");
        call.block.ordinal |= column >= ranked_probability_score;
    }
    call.block.slot = columns.data();
    call.block.out_slots = static_cast<int>(columns.size());
    call.block.out = contiguous<double>(
        values, people.items() * static_cast<int64_t>(columns.size()) * static_cast<int64_t>(models.size()));
    std::unique_ptr<BlockResult> result;
    {
        nb::gil_scoped_release released;
        result = run_block(call.block, 0, threads);
    }
    return fault_of(result->sums.fault);
}

nb::object distributions(const Side& side, int number, nb::object probs, nb::object logs, int threads) {
    const int64_t numbers = side.items() * side.source().classes;
    const Buffer to(probs, PyBUF_RECORDS);
    const std::unique_ptr<Buffer> log_to = logs.is_none() ? nullptr : std::make_unique<Buffer>(logs, PyBUF_RECORDS);
    double* p = contiguous<double>(to, numbers);
    double* log_p = log_to ? contiguous<double>(*log_to, numbers) : nullptr;
    Fault fault;
    {
        nb::gil_scoped_release released;
        fault = run_distributions(side.source(), number, side.items(), p, log_p, threads);
    }
    return fault_of(fault);
}

nb::object exact_sums(nb::object value, nb::object weight) {
    const Buffer values(value);
    const std::unique_ptr<Buffer> weights = weight.is_none() ? nullptr : std::make_unique<Buffer>(weight);
    const int64_t items = values.items();
    const double* w = weights ? contiguous<const double>(*weights, items) : nullptr;
    ColumnSums sums{};
    sums.too_large = -1;
    kernels().add_column(contiguous<const double>(values, items), w, 0, items, sums);
    return nb::make_tuple(sums.too_large, sums_of(&sums, 1));
}

nb::object grouped_sums(nb::object value, nb::object weight, nb::object code, int64_t groups) {
    const Buffer values(value), codes(code);
    const std::unique_ptr<Buffer> weights = weight.is_none() ? nullptr : std::make_unique<Buffer>(weight);
    const int64_t items = values.items();
    const double* w = weights ? contiguous<const double>(*weights, items) : nullptr;
    const int64_t* group = contiguous<const int64_t>(codes, items);
    for (int64_t i = 0; i < items; ++i)
        if (group[i] < 0 || group[i] >= groups) throw nb::value_error("a group's code is out of range");
    std::vector<ColumnSums> sums(static_cast<size_t>(groups));
    for (ColumnSums& column : sums) column.too_large = -1;
    kernels().add_groups(contiguous<const double>(values, items), w, group, items, sums.data());
    int64_t too_large = -1;
    for (const ColumnSums& column : sums)
        if (column.too_large >= 0 && (too_large < 0 || column.too_large < too_large)) too_large = column.too_large;
    return nb::make_tuple(too_large, sums_of(sums.data(), sums.size()));
}

nb::bytes power_sums(nb::object value) {
    const Buffer values(value);
    ColumnSums sums[2] = {};
    kernels().add_power_sums(contiguous<const double>(values, values.items()), values.items(), sums[0], sums[1]);
    const Wide both[2] = {sums[0].x, sums[1].x};
    return nb::bytes(both, sizeof both);
}

// Codes of the distinct rows of counts, in the order in which they first occur; returns the rows of those first ones.
std::vector<int64_t> row_patterns(const Side& side, nb::object code) {
    const Buffer codes(code, PyBUF_RECORDS);
    int64_t* to = contiguous<int64_t>(codes, side.items());
    nb::gil_scoped_release released;
    return find_patterns(side.source(), side.items(), to);
}

template <void (*TallyKernels::*function)(const double*, int64_t, double*)>
void apply(nb::object x, nb::object out) {
    const Buffer from(x), to(out, PyBUF_RECORDS);
    const int64_t count = from.items();
    (kernels().*function)(contiguous<const double>(from, count), count, contiguous<double>(to, count));
}

}  // namespace

void bind_tally(nb::module_& m) {
    nb::class_<Side>(m, "Side")
        .def(nb::init<int, nb::list, int64_t, bool, int>(), nb::arg("kind"), nb::arg("columns"), nb::arg("classes"),
             nb::arg("single"), nb::arg("positive"))
        .def("__len__", &Side::items);
    m.def("block_sums", &block_sums, nb::arg("people"), nb::arg("models"), nb::arg("weight").none(),
          nb::arg("by_judgement"), nb::arg("ordinal"), nb::arg("tails"), nb::arg("worst"), nb::arg("threads"));
    m.def("column_values", &column_values, nb::arg("people"), nb::arg("models"), nb::arg("columns"), nb::arg("out"),
          nb::arg("threads"));
    m.def("distributions", &distributions, nb::arg("side"), nb::arg("number"), nb::arg("probs"),
          nb::arg("logs").none(), nb::arg("threads"));
    m.def("exact_sums", &exact_sums, nb::arg("value"), nb::arg("weight").none());
    m.def("grouped_sums", &grouped_sums, nb::arg("value"), nb::arg("weight").none(), nb::arg("code"), nb::arg("groups"));
    m.def("power_sums", &power_sums, nb::arg("value"));
    m.def("row_patterns", &row_patterns, nb::arg("side"), nb::arg("code"));
    m.def("logarithms", &apply<&TallyKernels::logarithms>, nb::arg("x"), nb::arg("out"));
    m.def("exponentials", &apply<&TallyKernels::exponentials>, nb::arg("x"), nb::arg("out"));
}
