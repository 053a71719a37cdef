// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation

/// Time that a scripted server takes, on its own thread.
struct Pause {
  func sleep(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
  }
}
