// The fused losses of one SIMD level: types to templates, row by row.
#include "bitsapart/softmax_row.hpp"

namespace bitsapart::BITSAPART_LEVEL {
namespace {

template <class Real, class T>
void shares_of(const T* values, const LossTask& task, bool counted, Real* p) {
    double total = 1;
    if (counted) {
        int64_t judgements = 0;
        if constexpr (__is_same(T, int64_t))
            for (int64_t c = 0; c < task.classes; ++c) judgements += values[c];
        total = static_cast<double>(judgements);
    }
    const double kept = 1 - task.smoothing, spread = task.smoothing / static_cast<double>(task.classes);
    for (int64_t c = 0; c < task.classes; ++c) {
        const double share = static_cast<double>(read_as<Real>(values[c])) / total;
        p[c] = static_cast<Real>(task.smoothing == 0 ? share : kept * share + spread);
    }
}

template <class Real, class Z>
struct Rows {
    const LossTask& task;
    Workspace<Real> work;

    template <class T>
    const T* target_row(int64_t r) const {
        return static_cast<const T*>(task.target) + r * task.target_stride;
    }

    // A teacher's softmax becomes p.
    Teacher<Z> teach(int64_t r) const {
        const Z* y = target_row<Z>(r);
        const Softmax s = sweep<false>(y, task.classes, task.inverse_temperature, static_cast<const Real*>(nullptr), work.p,
                                       work.others);
        for (int64_t begin = 0, b = 0; begin < task.classes; begin += block, ++b) {
            const auto scale = splat(static_cast<Real>(s.undefined ? __builtin_nan("") : std::exp(work.others[b] - s.top) / s.sum));
            for (int i = 0; i < block; i += Vector<Real>::width) store(work.p + begin + i, load(work.p + begin + i) * scale);
        }
        if (task.smoothing != 0) shares_of(work.p, task, false, work.p);
        return {task.smoothing == 0 ? y : nullptr, s.top, std::log(s.sum)};
    }

    // The people's weights of a row, where they lie or computed; a plain label needs none.
    const Real* weights(int64_t r, int64_t label) const {
        if (task.target_kind == TargetKind::labels) {
            if (task.smoothing == 0) return nullptr;
            for (int64_t c = 0; c < task.classes; ++c) work.p[c] = static_cast<Real>(task.smoothing / static_cast<double>(task.classes));
            work.p[label] = static_cast<Real>(1 - task.smoothing + task.smoothing / static_cast<double>(task.classes));
            return work.p;
        }
        if (task.target_kind == TargetKind::logits) return work.p;
        const bool counted = task.target_kind == TargetKind::counts;
        if (task.target_type == Number::i64) shares_of(target_row<int64_t>(r), task, counted, work.p);
        else if (task.target_type == task.logits_type) {
            if (__is_same(Z, Real) && task.smoothing == 0) return reinterpret_cast<const Real*>(target_row<Z>(r));
            shares_of(target_row<Z>(r), task, counted, work.p);
        } else
            shares_of(target_row<float>(r), task, counted, work.p);
        return work.p;
    }

    double loss_of(int64_t r, int64_t label) const {
        Teacher<Z> teacher{};
        if (task.target_kind == TargetKind::logits) teacher = teach(r);
        const double scale = task.scale * (task.row_scale != nullptr ? task.row_scale[r] : 1.0) * task.inverse_temperature;
        Z* gradient = task.gradient != nullptr ? static_cast<Z*>(task.gradient) + r * task.classes : nullptr;
        const Real* p = weights(r, label);
        const Row<Real, Z> row{static_cast<const Z*>(task.logits) + r * task.logits_stride, task.classes,
                               task.inverse_temperature, p, label, scale, gradient, task.streamed, work};
        switch (task.loss) {
            case Loss::squared_error: return p == nullptr ? squared_error<true>(row) : squared_error<false>(row);
            case Loss::kl_divergence: return p == nullptr ? label_cross_entropy(row) : kl_divergence(row, teacher);
            default: return p == nullptr ? label_cross_entropy(row) : cross_entropy(row);
        }
    }

    int64_t run(int64_t first, int64_t last) const {
        for (int64_t r = first; r < last; ++r) {
            double loss = 0;
            if (task.keep != nullptr && task.keep[r] == 0) {
                if (task.gradient != nullptr)
                    std::memset(static_cast<Z*>(task.gradient) + r * task.classes, 0, sizeof(Z) * static_cast<size_t>(task.classes));
            } else {
                const int64_t label = task.target_kind == TargetKind::labels ? *target_row<int64_t>(r) : -1;
                if (task.target_kind == TargetKind::labels && (label < 0 || label >= task.classes)) return r;
                loss = loss_of(r, label);
            }
            if (task.losses != nullptr) task.losses[r] = loss;
        }
        if (task.streamed) end_of_stream();
        return -1;
    }
};

size_t scratch_bytes(const LossTask& task) {
    return task.logits_type == Number::f64 ? bytes_of<double>(task.classes) : bytes_of<float>(task.classes);
}

int64_t run(const LossTask& task, int64_t first, int64_t last, void* scratch) {
    switch (task.logits_type) {
        case Number::f64: return Rows<double, double>{task, workspace<double>(scratch, task.classes)}.run(first, last);
        case Number::f16: return Rows<float, Float16>{task, workspace<float>(scratch, task.classes)}.run(first, last);
        case Number::bf16: return Rows<float, BFloat16>{task, workspace<float>(scratch, task.classes)}.run(first, last);
        default: return Rows<float, float>{task, workspace<float>(scratch, task.classes)}.run(first, last);
    }
}

}  // namespace

extern const LossKernels loss_kernels = {scratch_bytes, run};

}  // namespace bitsapart::BITSAPART_LEVEL
