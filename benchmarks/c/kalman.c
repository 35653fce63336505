/* A Kalman filter with four states and two measurements, in dense products of fixed sizes, which the compiler unrolls. The
   state before each step is kept, the step is computed again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double mean[4], covariance[4][4]; } state;
typedef struct { double transition[4][4], observation[2][4], q, r; } model;

/* What one step computes on its way and its adjoint reads. */
typedef struct {
  double half[4][4], P[4][4], HP[2][4], PH[4][2], residual[2], precision[2][2], gain[4][2];
} stages;

static inline model made(double q, double r, double interval) {
  return (model){{{1.0, 0.0, interval, 0.0}, {0.0, 1.0, 0.0, interval}, {0.0, 0.0, 1.0, 0.0}, {0.0, 0.0, 0.0, 1.0}},
                 {{1.0, 0.0, 0.0, 0.0}, {0.0, 1.0, 0.0, 0.0}},
                 q,
                 r};
}

static inline double advance(const state *restrict before, const double *restrict measurement, const model *restrict m,
                             stages *restrict s, state *restrict after) {
  double mean[4];
  for (int i = 0; i < 4; i++) {
    mean[i] = 0.0;
    for (int k = 0; k < 4; k++) mean[i] += m->transition[i][k] * before->mean[k];
    for (int j = 0; j < 4; j++) {
      double sum = 0.0;
      for (int k = 0; k < 4; k++) sum += m->transition[i][k] * before->covariance[k][j];
      s->half[i][j] = sum;
    }
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
      double sum = i == j ? m->q : 0.0;
      for (int k = 0; k < 4; k++) sum += s->half[i][k] * m->transition[j][k];
      s->P[i][j] = sum;
    }
  for (int i = 0; i < 2; i++) {
    double seen = 0.0;
    for (int k = 0; k < 4; k++) seen += m->observation[i][k] * mean[k];
    s->residual[i] = measurement[i] - seen;
    for (int j = 0; j < 4; j++) {
      double sum = 0.0, across = 0.0;
      for (int k = 0; k < 4; k++) {
        sum += m->observation[i][k] * s->P[k][j];
        across += s->P[j][k] * m->observation[i][k];
      }
      s->HP[i][j] = sum;
      s->PH[j][i] = across;
    }
  }
  double spread[2][2];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      spread[i][j] = i == j ? m->r : 0.0;
      for (int k = 0; k < 4; k++) spread[i][j] += s->HP[i][k] * m->observation[j][k];
    }
  double determinant = spread[0][0] * spread[1][1] - spread[0][1] * spread[1][0], inverse = 1.0 / determinant;
  s->precision[0][0] = spread[1][1] * inverse;
  s->precision[0][1] = -spread[0][1] * inverse;
  s->precision[1][0] = -spread[1][0] * inverse;
  s->precision[1][1] = spread[0][0] * inverse;
  double square = 0.0;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) square += s->residual[i] * s->precision[i][j] * s->residual[j];
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 2; j++) s->gain[i][j] = s->PH[i][0] * s->precision[0][j] + s->PH[i][1] * s->precision[1][j];
    after->mean[i] = mean[i] + s->gain[i][0] * s->residual[0] + s->gain[i][1] * s->residual[1];
    for (int j = 0; j < 4; j++)
      after->covariance[i][j] = s->P[i][j] - s->gain[i][0] * s->HP[0][j] - s->gain[i][1] * s->HP[1][j];
  }
  return -0.5 * (square + log(determinant));
}

static void begin(state *restrict s, const double *restrict start) {
  memcpy(s->mean, start, sizeof s->mean);
  memset(s->covariance, 0, sizeof s->covariance);
  for (int i = 0; i < 4; i++) s->covariance[i][i] = 1.0;
}

double kalman_value(const double *restrict measurements, const double *restrict start, double q, double r,
                    double interval, long steps) {
  const model m = made(q, r, interval);
  state s, next;
  stages between;
  double total = 0.0;
  begin(&s, start);
  for (long t = 0; t < steps; t++) {
    total += advance(&s, measurements + 2 * t, &m, &between, &next);
    s = next;
  }
  return total;
}

double kalman_gradient(const double *restrict measurements, const double *restrict start, double q, double r,
                       double interval, long steps, double *restrict measurements_bar, double *restrict start_bar,
                       double *restrict scalars_bar) {
  const model m = made(q, r, interval);
  state *restrict kept = malloc((steps + 1) * sizeof *kept);
  stages s;
  double total = 0.0, q_bar = 0.0, r_bar = 0.0, interval_bar = 0.0;
  begin(kept, start);
  for (long t = 0; t < steps; t++) total += advance(kept + t, measurements + 2 * t, &m, &s, kept + t + 1);
  double mean_bar[4] = {0.0}, covariance_bar[4][4] = {{0.0}};
  for (long t = steps - 1; t >= 0; t--) {
    const state *restrict before = kept + t;
    state unused;
    advance(before, measurements + 2 * t, &m, &s, &unused);
    /* covariance = P - gain HP; mean += gain residual */
    double gain_bar[4][2], residual_bar[2] = {0.0, 0.0}, HP_bar[2][4], PH_bar[4][2], P_bar[4][4];
    for (int i = 0; i < 4; i++)
      for (int k = 0; k < 2; k++) {
        double sum = mean_bar[i] * s.residual[k];
        for (int j = 0; j < 4; j++) sum -= covariance_bar[i][j] * s.HP[k][j];
        gain_bar[i][k] = sum;
        residual_bar[k] += mean_bar[i] * s.gain[i][k];
      }
    /* gain = PH precision, and the likelihood's share */
    double precision_bar[2][2];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) {
        double sum = -0.5 * s.residual[i] * s.residual[j];
        for (int k = 0; k < 4; k++) sum += s.PH[k][i] * gain_bar[k][j];
        precision_bar[i][j] = sum;
        residual_bar[i] -= 0.5 * (s.precision[i][j] + s.precision[j][i]) * s.residual[j];
      }
    for (int i = 0; i < 4; i++)
      for (int k = 0; k < 2; k++)
        PH_bar[i][k] = gain_bar[i][0] * s.precision[k][0] + gain_bar[i][1] * s.precision[k][1];
    /* spread_bar = -precision' precision_bar precision' - precision' / 2 */
    double half_bar[2][2], spread_bar[2][2];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++)
        half_bar[i][j] = s.precision[0][i] * precision_bar[0][j] + s.precision[1][i] * precision_bar[1][j];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++)
        spread_bar[i][j] =
            -half_bar[i][0] * s.precision[j][0] - half_bar[i][1] * s.precision[j][1] - 0.5 * s.precision[j][i];
    r_bar += spread_bar[0][0] + spread_bar[1][1];
    for (int k = 0; k < 2; k++)
      for (int j = 0; j < 4; j++) {
        double sum = spread_bar[k][0] * m.observation[0][j] + spread_bar[k][1] * m.observation[1][j];
        for (int i = 0; i < 4; i++) sum -= s.gain[i][k] * covariance_bar[i][j];
        HP_bar[k][j] = sum;
      }
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++) {
        double sum = covariance_bar[i][j];
        for (int k = 0; k < 2; k++) sum += m.observation[k][i] * HP_bar[k][j] + PH_bar[i][k] * m.observation[k][j];
        P_bar[i][j] = sum;
      }
    for (int i = 0; i < 4; i++) {
      q_bar += P_bar[i][i];
      for (int k = 0; k < 2; k++) mean_bar[i] -= m.observation[k][i] * residual_bar[k];
    }
    for (int k = 0; k < 2; k++) measurements_bar[2 * t + k] = residual_bar[k];
    /* P = half transition', half = transition covariance; of the transition only two elements are asked for */
    double left[4][4];
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++) {
        double sum = 0.0;
        for (int k = 0; k < 4; k++) sum += P_bar[i][k] * m.transition[k][j];
        left[i][j] = sum;
      }
    for (int i = 0; i < 2; i++) {
      interval_bar += mean_bar[i] * before->mean[i + 2];
      for (int j = 0; j < 4; j++)
        interval_bar += left[i][j] * before->covariance[i + 2][j] + P_bar[j][i] * s.half[j][i + 2];
    }
    double m_bar[4];
    for (int i = 0; i < 4; i++) {
      m_bar[i] = 0.0;
      for (int k = 0; k < 4; k++) m_bar[i] += m.transition[k][i] * mean_bar[k];
      for (int j = 0; j < 4; j++) {
        double sum = 0.0;
        for (int k = 0; k < 4; k++) sum += m.transition[k][i] * left[k][j];
        covariance_bar[i][j] = sum;
      }
    }
    memcpy(mean_bar, m_bar, sizeof mean_bar);
  }
  memcpy(start_bar, mean_bar, sizeof mean_bar);
  scalars_bar[0] = q_bar;
  scalars_bar[1] = r_bar;
  scalars_bar[2] = interval_bar;
  free(kept);
  return total;
}
