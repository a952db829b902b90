// The fused losses of one SIMD level: types to templates, row by row.
#include "bitsapart/softmax_row.hpp"

namespace bitsapart::BITSAPART_LEVEL {
namespace {

bool counted(const LossTask& task) { return task.target_kind == TargetKind::counts || task.target_kind == TargetKind::totals; }

template <class T>
const T* target_row(const LossTask& task, int64_t r) {
    return static_cast<const T*>(task.target) + r * task.target_stride;
}

int64_t label_of(const LossTask& task, int64_t r) {
    return with_number(task.target_type, [&]<class T>() { return read_as<int64_t>(*target_row<T>(task, r)); });
}

bool is_left_out(const LossTask& task, int64_t r) {
    if (task.weights != nullptr && task.weights[r] == 0) return true;
    if (task.target_kind == TargetKind::labels) return label_of(task, r) == task.ignored_label;
    return counted(task) && with_number(task.target_type, [&]<class T>() {
               const T* count = target_row<T>(task, r);
               for (int64_t c = 0; c < task.classes; ++c)
                   if (read_as<double>(count[c]) != 0) return false;
               return true;
           });
}

double whole(const LossTask& task) {
    double sum = 0;
    for (int64_t r = 0; r < task.rows; ++r)
        if (!is_left_out(task, r)) sum += task.weights != nullptr ? task.weights[r] : 1.0;
    return sum;
}

// The judgements of a row; false where a count is negative.
template <class T>
bool judgements_of(const T* count, int64_t classes, double& total) {
    constexpr int parts = 8;
    double part[parts] = {};
    bool negative = false;
    int64_t c = 0;
    for (; c + parts <= classes; c += parts)
        for (int i = 0; i < parts; ++i) part[i] += read_as<double>(count[c + i]);
    for (; c < classes; ++c) part[0] += read_as<double>(count[c]);
    for (c = 0; c < classes; ++c) negative |= read_as<double>(count[c]) < 0;
    total = 0;
    for (const double sum : part) total += sum;
    return !negative;
}

// The shares of a row of people's weights; false where a count is negative.
template <class Real, class T>
bool shares_of(const T* values, const LossTask& task, Real* p) {
    double judgements = 1;
    if (counted(task) && !judgements_of(values, task.classes, judgements)) return false;
    const Real total = task.target_kind == TargetKind::counts ? static_cast<Real>(judgements) : Real(1);
    if (task.smoothing != 0) {
        const Real kept = static_cast<Real>(1 - task.smoothing);
        const Real spread = static_cast<Real>(task.smoothing / static_cast<double>(task.classes));
        for (int64_t c = 0; c < task.classes; ++c) p[c] = kept * (read_as<Real>(values[c]) / total) + spread;
    } else if (total != 1)
        for (int64_t c = 0; c < task.classes; ++c) p[c] = read_as<Real>(values[c]) / total;
    else
        for (int64_t begin = 0; begin < task.classes; begin += block)
            convert(values + begin, static_cast<int>(task.classes - begin < block ? task.classes - begin : block), p + begin);
    return true;
}

template <class Real, class Z>
struct Rows {
    const LossTask& task;
    Workspace<Real> work;

    Teacher teacher_of(int64_t r) const {
        Teacher teacher = with_number(task.target_type, [&]<class T>() { return Teacher{target_row<T>(task, r), task.target_type, {}}; });
        teacher.softmax = sweep(teacher, task.classes, task.inverse_temperature, work.p, work.taught, Nothing{});
        return teacher;
    }

    // A teacher's softmax becomes p.
    void teach(const Softmax& s) const {
        for (int64_t b = 0; b < blocks_of(task.classes); ++b) {
            const auto scale = splat(static_cast<Real>(s.undefined ? __builtin_nan("") : work.taught[b].lowered / s.sum));
            Real* p = work.p + b * block;
            for (int i = 0; i < block; i += Vector<Real>::width) store(p + i, load(p + i) * scale);
        }
        if (task.smoothing != 0) shares_of(work.p, task, work.p);
    }

    void smooth_label(int64_t label) const {
        const double spread = task.smoothing / static_cast<double>(task.classes);
        for (int64_t c = 0; c < task.classes; ++c) work.p[c] = static_cast<Real>(spread);
        work.p[label] = static_cast<Real>(1 - task.smoothing + spread);
    }

    double loss_of(const Row<Real, Z>& row) const {
        switch (task.loss) {
            case Loss::squared_error: return row.p == nullptr ? squared_error<true>(row) : squared_error<false>(row);
            case Loss::kl_divergence: return row.p == nullptr ? label_cross_entropy(row) : kl_divergence(row);
            default: return row.p == nullptr ? label_cross_entropy(row) : cross_entropy(row);
        }
    }

    // The weighted loss of a row that counts; false where its target means nothing.
    bool add(int64_t r, Z* gradient, double& loss) const {
        const double weight = task.weights != nullptr ? task.weights[r] : 1.0;
        const double factor = task.factors != nullptr ? task.factors[r] : 1.0;
        Row<Real, Z> row{static_cast<const Z*>(task.logits) + r * task.logits_stride, task.classes, task.inverse_temperature,
                         nullptr, -1, task.scale * weight * factor * task.inverse_temperature, gradient, task.streamed, work};
        if (task.target_kind == TargetKind::labels) {
            row.label = label_of(task, r);
            if (row.label < 0 || row.label >= task.classes) return false;
            if (task.smoothing != 0) {
                smooth_label(row.label);
                row.p = work.p;
            }
        } else if (task.target_kind == TargetKind::logits) {
            row.p = work.p;
            const Teacher teacher = teacher_of(r);
            if (task.loss == Loss::kl_divergence && task.smoothing == 0) {
                loss = weight * kl_divergence(row, teacher);
                return true;
            }
            teach(teacher.softmax);
        } else {
            row.p = work.p;
            const bool right = with_number(task.target_type, [&]<class T>() {
                const T* shares = target_row<T>(task, r);
                if constexpr (__is_same(T, Real))
                    if (task.target_kind == TargetKind::probs && task.smoothing == 0) {
                        row.p = shares;
                        return true;
                    }
                return shares_of(shares, task, work.p);
            });
            if (!right) return false;
        }
        loss = weight * loss_of(row);
        return true;
    }

    int64_t run(int64_t first, int64_t last) const {
        const int64_t tile = tile_of(task);
        double sum = 0;
        for (int64_t r = first; r < last; ++r) {
            Z* gradient = task.gradient != nullptr ? static_cast<Z*>(task.gradient) + r * task.classes : nullptr;
            double loss = 0;
            if (is_left_out(task, r)) {
                if (gradient != nullptr) std::memset(static_cast<void*>(gradient), 0, sizeof(Z) * static_cast<size_t>(task.classes));
            } else if (!add(r, gradient, loss))
                return r;
            if (task.losses != nullptr) static_cast<Real*>(task.losses)[r] = static_cast<Real>(loss);
            sum += loss;
            if (task.tile_sums != nullptr && ((r + 1) % tile == 0 || r + 1 == last)) {
                task.tile_sums[r / tile] = sum;
                sum = 0;
            }
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

extern const LossKernels loss_kernels = {scratch_bytes, run, whole};

}  // namespace bitsapart::BITSAPART_LEVEL
