// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension Double {
  /// The number with at most so many digits after the point.
  public func rounded(to digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}

extension Duration {
  /// The duration in seconds.
  public var inSeconds: Double { self / .seconds(1) }
}
