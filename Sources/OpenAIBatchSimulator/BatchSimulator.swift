// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The Batch API in a box: files, batches and results, as the service gives them, without the service.
///
/// ```swift
/// let simulator = BatchSimulator()
/// let client = BatchClient(apiKey: "any", transport: simulator.transport)
/// ```
///
/// Time is a clock that can be handed in, so that a batch of 24 hours takes none. Everything that goes wrong in
/// the real service goes wrong here on request: see ``Fault`` and ``SimulatedAnswer``. Files are on disk, in a
/// private folder that goes away with the last reference to the simulator, its transport or its server.
public final class BatchSimulator: Sendable {
  private let service: SimulatedService

  /// Creates a simulator. Nothing runs in the background, and nothing is on disk before the first upload.
  ///
  /// - Parameter configuration: How it behaves; by default like the real service, only faster.
  public init(configuration: Configuration = Configuration()) {
    service = SimulatedService(configuration)
  }

  /// A transport whose other end is this simulator, without a socket.
  ///
  /// It answers every host; a base URL's path must be `/v1`.
  public var transport: SimulatorTransport { SimulatorTransport(service) }

  /// Lets something go wrong from now on.
  public func inject(_ fault: Fault) {
    service.inject(fault)
  }

  /// How many requests of an operation arrived so far, also those that a fault struck.
  public func requestCount(of operation: Operation) -> Int {
    service.requestCount(of: operation)
  }
}
