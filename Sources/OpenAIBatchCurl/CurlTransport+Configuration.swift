// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

extension CurlTransport {
  /// Connections, trust and proxy of a ``CurlTransport``.
  public struct Configuration: Sendable, Hashable {
    /// How many transfers run at once, each on a connection of its own; others wait, first in, first out.
    /// 64 by default, from 1 to 100: beyond that libcurl's cost per transfer grows.
    public var maxConnections: Int
    /// Which certificate authorities are trusted.
    public var trust: Trust
    /// How connections leave this host.
    public var proxy: Proxy
    /// Public keys of which a server must have one, whoever signed its certificate: each the SHA-256 of a key's
    /// DER form (SubjectPublicKeyInfo) in Base64. Empty, the default, for any key.
    public var pins: [String]
    /// What this client shows to a server that asks for a certificate; `nil` for nothing.
    public var identity: Identity?
    /// The newest version of HTTP that is spoken. ``HTTPVersion/http1`` by default.
    public var httpVersion: HTTPVersion

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - maxConnections: How many transfers run at once; brought into the range 1 to 100.
    ///   - trust: Which certificate authorities are trusted.
    ///   - proxy: How connections leave this host.
    ///   - pins: Public keys of which a server must have one; empty for any.
    ///   - identity: What this client shows to a server that asks for a certificate.
    ///   - httpVersion: The newest version of HTTP that is spoken.
    public init(
      maxConnections: Int = 64, trust: Trust = .system, proxy: Proxy = .environment, pins: [String] = [],
      identity: Identity? = nil, httpVersion: HTTPVersion = .http1
    ) {
      self.maxConnections = maxConnections
      self.trust = trust
      self.proxy = proxy
      self.pins = pins
      self.identity = identity
      self.httpVersion = httpVersion
    }
  }

  /// Which version of HTTP is spoken.
  public enum HTTPVersion: Sendable, Hashable {
    /// HTTP/1.1.
    case http1
    /// HTTP/2 with servers that speak it over TLS, where the libcurl that runs can be trusted with it: from 8.7.0 on,
    /// but for 8.10.0 and 8.16.0. HTTP/1.1 everywhere else.
    case http2
  }

  /// A client certificate with its private key, from PEM files. Prints without the password.
  public struct Identity: Sendable, Hashable {
    /// The path of the certificate, with those that lead to its authority.
    public var certificateFile: String
    /// The path of the private key.
    public var keyFile: String
    let password: String?

    /// Creates an identity.
    ///
    /// - Parameters:
    ///   - certificateFile: The path of the certificate, with those that lead to its authority.
    ///   - keyFile: The path of the private key.
    ///   - password: What decrypts the private key, if anything must.
    public init(certificateFile: String, keyFile: String, password: String? = nil) {
      self.certificateFile = certificateFile
      self.keyFile = keyFile
      self.password = password
    }
  }

  /// Which certificate authorities are trusted. Certificates and host names are always verified.
  public enum Trust: Sendable, Hashable {
    /// The bundle that `SSL_CERT_FILE` names, when it is set, else the system's.
    case system
    /// A PEM file with one or more certificates, in place of the system's. `SSL_CERT_FILE`, when set, replaces
    /// it.
    case file(String)
  }

  /// How connections leave this host. Prints without credentials.
  public struct Proxy: Sendable, Hashable {
    enum Choice: Sendable, Hashable {
      case environment
      case none
      case url(String)
    }
    let choice: Choice

    /// What `https_proxy`, `HTTPS_PROXY`, `all_proxy` or `ALL_PROXY` say, but for the hosts in `no_proxy` or
    /// `NO_PROXY`; for plain http `http_proxy`, in lower case only.
    public static let environment = Proxy(choice: .environment)
    /// No proxy.
    public static let none = Proxy(choice: .none)
    /// This proxy for every host, such as `http://proxy.example:3128`; may contain credentials.
    public static func url(_ url: String) -> Proxy { Proxy(choice: .url(url)) }
  }
}

extension CurlTransport.Proxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `environment`, `none`, or the proxy's URL without its credentials.
  public var description: String {
    switch choice {
    case .environment: "environment"
    case .none: "none"
    case .url(let url): url.redactingCredentials
    }
  }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows what ``description`` shows.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

extension CurlTransport.Identity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The path of the certificate.
  public var description: String { certificateFile }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows the paths.
  public var customMirror: Mirror {
    Mirror(
      self, children: ["certificateFile": certificateFile, "keyFile": keyFile], displayStyle: .struct)
  }
}
