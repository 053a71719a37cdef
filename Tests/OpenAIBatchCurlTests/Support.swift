// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport

/// A transport without the machine's proxies.
func makeTransport(
  maxConnections: Int = 64, trust: TransportTrust = .system, proxy: TransportProxy = .none
) -> CurlTransport {
  CurlTransport(.init(maxConnections: maxConnections, trust: trust, proxy: proxy), environment: [:])
}

extension Transport {
  /// The response's body as text.
  func text(of request: TransportRequest) async throws(TransportFailure) -> String {
    String(decoding: try await exchange(request).body, as: UTF8.self)
  }
}

/// Whether a sanitizer slows everything down.
let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

/// How often a process is ended in the middle of transfers: `OPENAI_BATCH_EXITS`, 2 by default.
let exitCount = ProcessInfo.processInfo.environment["OPENAI_BATCH_EXITS"].flatMap { Int($0) } ?? 2
