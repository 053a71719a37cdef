// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// Sends requests to a ``BatchSimulator`` in the same process, and keeps it alive.
///
/// Bodies stream both ways as over a network. A lost response fails as `interrupted`, content that breaks off
/// as `truncated`. Timeouts are not watched.
public struct SimulatorTransport: Transport {
  private let service: SimulatedService

  init(_ service: SimulatedService) {
    self.service = service
  }

  /// Answers `request` as the service would.
  ///
  /// - Throws: ``TransportFailure`` when the calling task is cancelled, when the request's body fails, or when a
  ///   fault says so.
  public func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    try await service.respond(to: request)
  }
}
