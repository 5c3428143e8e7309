import GRDB

/// The tables and how they came about. A migration that has been released is never changed.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 containers and images") { connection in
      try connection.execute(
        sql: """
          CREATE TABLE container (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            image TEXT NOT NULL,
            created INTEGER NOT NULL,
            configuration BLOB NOT NULL,
            phase TEXT NOT NULL,
            boot TEXT NOT NULL,
            pid INTEGER NOT NULL,
            started INTEGER,
            finished INTEGER,
            exitCode INTEGER NOT NULL,
            oomKilled INTEGER NOT NULL,
            error TEXT NOT NULL
          ) WITHOUT ROWID;
          CREATE TABLE layer (
            chain TEXT PRIMARY KEY NOT NULL,
            diff TEXT NOT NULL,
            parent TEXT,
            directory TEXT NOT NULL UNIQUE,
            size INTEGER NOT NULL
          ) WITHOUT ROWID;
          CREATE TABLE image (
            id TEXT PRIMARY KEY NOT NULL,
            manifest TEXT NOT NULL,
            topLayer TEXT,
            size INTEGER NOT NULL,
            stored INTEGER NOT NULL
          ) WITHOUT ROWID;
          CREATE TABLE reference (
            name TEXT PRIMARY KEY NOT NULL,
            image TEXT NOT NULL,
            digest TEXT
          ) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 networks") { connection in
      try connection.execute(
        sql: """
          CREATE TABLE network (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            created INTEGER NOT NULL,
            configuration BLOB NOT NULL
          ) WITHOUT ROWID;
          CREATE TABLE networkGrant (
            container TEXT PRIMARY KEY NOT NULL,
            granted BLOB NOT NULL
          ) WITHOUT ROWID;
          """)
    }
    return migrator
  }
}
