using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Berth.History.Schema;

/// <summary>The model: what the migrations are made from, and what simple queries go through.</summary>
internal sealed class HistoryContext(DbContextOptions<HistoryContext> options) : DbContext(options)
{
    /// <summary>All tables are in this PostgreSQL schema.</summary>
    public const string SchemaName = "berth";

    /// <summary>Where applied migrations are recorded.</summary>
    public const string MigrationsTable = "schema_migrations";

    public DbSet<TaskRow> Tasks => Set<TaskRow>();
    public DbSet<TransitionRow> Transitions => Set<TransitionRow>();
    public DbSet<AttemptRow> Attempts => Set<AttemptRow>();
    public DbSet<StoredApproval> Approvals => Set<StoredApproval>();
    public DbSet<ArtifactRow> Artifacts => Set<ArtifactRow>();
    public DbSet<ArtifactLink> ArtifactLinks => Set<ArtifactLink>();
    public DbSet<CheckpointRecord> Checkpoints => Set<CheckpointRecord>();
    public DbSet<LogRow> Logs => Set<LogRow>();
    public DbSet<AlertRecord> Alerts => Set<AlertRecord>();
    public DbSet<AuditRecord> Audit => Set<AuditRecord>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(SchemaName);
        TasksTable(modelBuilder);
        modelBuilder.Entity<PurgedTaskRow>(t =>
        {
            t.ToTable("purged_tasks").HasKey(r => r.Uid);
            t.HasIndex(r => r.PurgedAt);
            t.HasIndex(r => r.Swept).HasFilter("not swept");
            t.Property(r => r.Swept).HasDefaultValue(true);
        });
        modelBuilder.Entity<TransitionRow>(t =>
        {
            // Partitioned by month of At (by hand in the migration), hence At in the key; (uid, seq) is unique by the way it is written.
            t.ToTable("transitions").HasKey(r => new { r.Uid, r.Seq, r.At });
            t.HasIndex(r => r.At);
            t.HasIndex(r => new { r.Reason, r.At });
            t.HasIndex(r => new { r.Actor, r.At }).HasFilter("actor is not null");
        });
        modelBuilder.Entity<AttemptRow>(t =>
        {
            t.ToTable("attempts").HasKey(r => r.Id);
            t.HasIndex(r => new { r.TaskUid, r.OrderedAt });
            t.HasIndex(r => new { r.Node, r.OrderedAt });
        });
        modelBuilder.Entity<StoredApproval>(t =>
        {
            t.ToTable("approvals").HasKey(r => r.Uid);
            t.HasIndex(r => r.TaskUid);
            t.HasIndex(r => new { r.Approver, r.CreatedAt });
            t.HasIndex(r => new { r.Workspace, r.CreatedAt });
        });
        BytesTables(modelBuilder);
        modelBuilder.Entity<AlertRecord>(t =>
        {
            t.ToTable("alerts").HasKey(r => r.Id);
            t.HasIndex(r => r.At);
            t.HasIndex(r => new { r.Subject, r.At });
            t.Property(r => r.DetailJson).HasColumnType("jsonb");
        });
        modelBuilder.Entity<AuditRecord>(t =>
        {
            t.ToTable("audit").HasKey(r => new { r.Id, r.At });
            t.HasIndex(r => r.At);
            t.HasIndex(r => new { r.Actor, r.At });
            t.HasIndex(r => r.Uid);
            t.Property(r => r.DetailJson).HasColumnType("jsonb");
        });
        foreach (var entity in modelBuilder.Model.GetEntityTypes()) UseSnakeCase(entity);
    }

    private static void TasksTable(ModelBuilder modelBuilder) => modelBuilder.Entity<TaskRow>(t =>
    {
        t.ToTable("tasks").HasKey(r => r.Uid);
        t.HasIndex(r => new { r.Namespace, r.Name, r.CreatedAt });
        t.HasIndex(r => new { r.Workspace, r.CreatedAt });
        t.HasIndex(r => new { r.Pool, r.CreatedAt });
        t.HasIndex(r => new { r.Phase, r.CreatedAt });
        t.HasIndex(r => new { r.Reason, r.CreatedAt });
        t.HasIndex(r => new { r.RequestedBy, r.CreatedAt });
        t.HasIndex(r => r.CreatedAt);
        t.HasIndex(r => r.FinishedAt);
        t.Property(r => r.Spec).HasColumnType("jsonb");
        t.Property(r => r.Status).HasColumnType("jsonb");
    });

    private static void BytesTables(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ArtifactRow>(t =>
        {
            t.ToTable("artifacts").HasKey(r => r.Digest);
            t.HasIndex(r => r.Blob).IsUnique();
        });
        modelBuilder.Entity<ArtifactChunkRow>(t => t.ToTable("artifact_chunks").HasKey(r => new { r.Blob, r.Number }));
        modelBuilder.Entity<ArtifactLink>(t =>
        {
            t.ToTable("artifact_links").HasKey(r => new { r.Attempt, r.Kind, r.Path });
            t.HasIndex(r => r.TaskUid);
            t.HasIndex(r => r.Digest);
        });
        modelBuilder.Entity<CheckpointRecord>(t =>
        {
            t.ToTable("checkpoints").HasKey(r => new { r.Attempt, r.Number });
            t.HasIndex(r => new { r.TaskUid, r.CreatedAt });
            t.HasIndex(r => r.Digest);
        });
        modelBuilder.Entity<LogRow>(t =>
        {
            t.ToTable("logs").HasKey(r => r.Attempt);
            t.HasIndex(r => r.TaskUid);
            t.HasIndex(r => r.Day);
            t.HasIndex(r => r.UpdatedAt).HasFilter("complete and not merged");
            t.Property(r => r.Merged).HasDefaultValue(false);
        });
        modelBuilder.Entity<LogChunkRow>(t => t.ToTable("log_chunks").HasKey(r => new { r.Attempt, r.StartOffset, r.Day }));
    }

    private static void UseSnakeCase(IMutableEntityType entity)
    {
        foreach (var property in entity.GetProperties())
        {
            property.SetColumnName(SnakeCase(property.Name == nameof(AuditRecord.DetailJson) ? "Detail" : property.Name));
            // Identities compare by bytes, whatever the database's language: faster, and the same on every machine.
            if (property.ClrType == typeof(string) && (property.Name is "Uid" or "TaskUid" or "Attempt" or "Id" or "Digest")) property.SetCollation("C");
        }
        var table = entity.GetTableName()!;
        foreach (var key in entity.GetKeys()) key.SetName(table + "_pkey");
        foreach (var index in entity.GetIndexes())
            index.SetDatabaseName(table + "_" + string.Join("_", index.Properties.Select(p => SnakeCase(p.Name))) + "_idx");
    }

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }
}
