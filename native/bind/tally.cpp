// The tally's kernels for Python: arrays in, exact sums out as bytes; no mathematics here.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "bitsapart/threads.hpp"
#include "buffers.hpp"

using namespace bitsapart;

namespace {

nb::object fault_of(const Fault& fault) {
    if (fault.row < 0) return nb::none();
    return nb::make_tuple(fault.row, fault.side, fault.column, static_cast<int>(fault.reason), fault.value);
}

struct Call {  // the arguments of one block, with what keeps them alive
    std::vector<Source> models;
    std::unique_ptr<Buffer> weights;
    Block block{};

    Call(const Side& people, const std::vector<const Side*>& sides, nb::handle weight, bool by_judgement, bool ordinal) {
        for (const Side* side : sides) {
            if (side->items() != people.items()) throw nb::value_error("people and model differ in length");
            models.push_back(side->source());
        }
        block = {people.items(), people.source().classes, people.source(), models.data(),
                 static_cast<int>(models.size()), nullptr, by_judgement, ordinal, nullptr, nullptr};
        if (!weight.is_none()) {
            weights = std::make_unique<Buffer>(weight);
            block.weight = contiguous<const double>(*weights, people.items());
        }
    }
};

nb::tuple model_result(const ModelSums& sums) {
    std::vector<int64_t> counts;
    std::vector<char> integers;
    for (const ColumnSums& column : sums.column) {
        counts.push_back(column.n);
        counts.push_back(column.infinite);
        for (const Wide* wide : {&column.x, &column.xx, &column.w, &column.ww, &column.xw})
            integers.insert(integers.end(), reinterpret_cast<const char*>(wide->limb),
                            reinterpret_cast<const char*>(wide->limb) + sizeof(Wide));
    }
    nb::list worst;
    for (int i = 0; i < sums.worst.kept; ++i) worst.append(nb::make_tuple(sums.worst.value[i], sums.worst.row[i]));
    return nb::make_tuple(counts, nb::bytes(integers.data(), integers.size()), worst, sums.worst.dropped);
}

nb::tuple block_sums(const Side& people, const std::vector<const Side*>& models, nb::object weight, bool by_judgement,
                     bool ordinal, int worst, int threads) {
    const Call call(people, models, weight, by_judgement, ordinal);
    std::unique_ptr<BlockResult> result;
    {
        nb::gil_scoped_release released;
        result = run_block(call.block, worst, threads);
    }
    nb::list panels, sums;
    for (int64_t K = 0; K <= largest_counted_panel; ++K)
        if (result->panels[static_cast<size_t>(K)] > 0) panels.append(nb::make_tuple(K, result->panels[static_cast<size_t>(K)]));
    for (const ModelSums& model : result->models) sums.append(model_result(model));
    return nb::make_tuple(fault_of(result->sums.fault), result->sums.items, result->sums.judgements, panels, sums);
}

// Every item's value of every column: out[model][slot][item], and each item's judgements.
nb::object column_values(const Side& people, const std::vector<const Side*>& models, bool ordinal, nb::object out,
                         nb::object panel_sizes, int threads) {
    Call call(people, models, nb::none(), false, ordinal);
    const Buffer values(out, PyBUF_RECORDS), sizes(panel_sizes, PyBUF_RECORDS);
    const int64_t per_model = static_cast<int64_t>(judged_cross_entropy) * people.items();
    double* first = contiguous<double>(values, per_model * static_cast<int64_t>(models.size()));
    std::vector<double*> parts;
    for (size_t m = 0; m < models.size(); ++m) parts.push_back(first + static_cast<int64_t>(m) * per_model);
    call.block.out = parts.data();
    call.block.panel_size = contiguous<double>(sizes, people.items());
    std::unique_ptr<BlockResult> result;
    {
        nb::gil_scoped_release released;
        result = run_block(call.block, 0, threads);
    }
    return fault_of(result->sums.fault);
}

template <void (*TallyKernels::*function)(const double*, int64_t, double*)>
void apply(nb::object x, nb::object out) {
    const Buffer from(x), to(out, PyBUF_RECORDS);
    const int64_t count = from.items();
    (BITSAPART_FOR_THIS_CPU(tally_kernels).*function)(contiguous<const double>(from, count), count,
                                                      contiguous<double>(to, count));
}

}  // namespace

void bind_tally(nb::module_& m) {
    nb::class_<Side>(m, "Side")
        .def(nb::init<int, nb::list, int64_t, bool, int>(), nb::arg("kind"), nb::arg("columns"), nb::arg("classes"),
             nb::arg("single"), nb::arg("positive"))
        .def("__len__", &Side::items);
    m.def("block_sums", &block_sums, nb::arg("people"), nb::arg("models"), nb::arg("weight").none(),
          nb::arg("by_judgement"), nb::arg("ordinal"), nb::arg("worst"), nb::arg("threads"));
    m.def("column_values", &column_values, nb::arg("people"), nb::arg("models"), nb::arg("ordinal"), nb::arg("out"),
          nb::arg("panel_sizes"), nb::arg("threads"));
    m.def("logarithms", &apply<&TallyKernels::logarithms>, nb::arg("x"), nb::arg("out"));
    m.def("exponentials", &apply<&TallyKernels::exponentials>, nb::arg("x"), nb::arg("out"));
}
