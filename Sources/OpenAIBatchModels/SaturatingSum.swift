// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension Int {
  /// The sum, or what comes nearest to it: counts come from outside.
  package func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    guard overflow else { return sum }
    return other > 0 ? .max : .min
  }
}
